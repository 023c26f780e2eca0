using System.Buffers.Binary;
using SecureAgent.Channels.XAgent;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.XAgent;

public sealed class XAgentStreamTests
{
    private static readonly byte[] Blob = [0, 0, 0, 2, 7, 8];
    private static readonly byte[] Data = [0, 0, 0, 3, 1, 2, 3];

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1000)]
    public async Task Sign_request_without_flags_gets_them_as_zero_in_whatever_pieces_it_comes(int pieceSize)
    {
        byte[] list = Frame(Requests.List);
        byte[] sent = [.. list, .. Frame([13, .. Blob, .. Data]), .. list];
        byte[] expected = [.. list, .. Frame([13, .. Blob, .. Data, 0, 0, 0, 0]), .. list];

        Assert.Equal(expected, await PassAsync(sent.Chunk(pieceSize)));
    }

    [Fact]
    public async Task All_else_is_passed_as_it_is()
    {
        byte[][] bodies =
        [
            [13, .. Blob, .. Data, 0, 0, 0, 4],
            [13, .. Blob, .. Data, 0],
            [13, .. Blob],
            [13, 0, 0, 0, 9, 1],
            [13],
            [25, .. new byte[5000]],
            [11],
        ];
        byte[] sent = [.. bodies.SelectMany(Frame)];

        Assert.Equal(sent, await PassAsync([sent]));
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 4, 0, 1, 13, 1, 2, 3 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 13, 1, 2, 3 })]
    [InlineData(new byte[] { 0, 0, 0, 9, 13, 1 })]
    [InlineData(new byte[] { 0, 0 })]
    public async Task Frame_that_is_none_is_left_to_its_reader(byte[] sent) =>
        Assert.Equal(sent, await PassAsync([sent]));

    private static async Task<byte[]> PassAsync(IEnumerable<byte[]> pieces)
    {
        ScriptedStream client = new();
        foreach (byte[] piece in pieces)
        {
            client.Send(piece);
        }

        client.Leave();
        await using XAgentStream stream = new(client);
        using MemoryStream passed = new();
        byte[] buffer = new byte[64];
        int count;
        while ((count = await stream.ReadAsync(buffer, Test)) > 0)
        {
            passed.Write(buffer, 0, count);
        }

        return passed.ToArray();
    }

    private static byte[] Frame(byte[] body)
    {
        byte[] prefix = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(prefix, body.Length);
        return [.. prefix, .. body];
    }
}
