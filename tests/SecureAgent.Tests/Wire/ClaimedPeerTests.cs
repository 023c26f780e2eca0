using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class ClaimedPeerTests
{
    [Fact]
    public void It_is_read_as_it_was_written()
    {
        byte[] contents = Write(new ClaimedPeer(
            "wsl2", 1000, [new ClaimedProcess(12, "/usr/bin/ssh"), new ClaimedProcess(uint.MaxValue, "")]));
        Assert.Equal(
            "0000000477736c32000003e8000000020000000c0000000c2f7573722f62696e2f737368ffffffff00000000",
            Convert.ToHexStringLower(contents));
        ClaimedPeer peer = ClaimedPeer.Decode(contents);
        Assert.Equal(("wsl2", 1000u), (peer.Channel, peer.UserId));
        Assert.Equal([new ClaimedProcess(12, "/usr/bin/ssh"), new ClaimedProcess(uint.MaxValue, "")], peer.Processes);
        Assert.Equal(contents, Write(peer));
    }

    [Theory]
    [InlineData(16, 256, true)]
    [InlineData(17, 1, false)]
    [InlineData(1, 257, false)]
    public void Its_size_is_limited(int processes, int imageLength, bool isRead)
    {
        byte[] contents = Write(new ClaimedPeer("c", 0,
            [.. Enumerable.Repeat(new ClaimedProcess(1, new string('x', imageLength)), processes)]));
        Exception? refused = Record.Exception(() => ClaimedPeer.Decode(contents));
        Assert.Equal(isRead, refused is null);
        Assert.True(refused is null or WireFormatException);
    }

    [Fact]
    public void Nothing_may_follow_it_and_nothing_may_be_missing()
    {
        byte[] contents = Write(new ClaimedPeer("wsl2", 1000, [new ClaimedProcess(12, "ssh")]));
        Assert.Throws<WireFormatException>(() => ClaimedPeer.Decode((byte[])[.. contents, 0]));
        for (int length = 0; length < contents.Length; length++)
        {
            Assert.Throws<WireFormatException>(() => ClaimedPeer.Decode(contents.AsMemory(0, length)));
        }
    }

    private static byte[] Write(ClaimedPeer peer)
    {
        ArrayBufferWriter<byte> output = new();
        peer.Write(output);
        return output.WrittenSpan.ToArray();
    }
}
