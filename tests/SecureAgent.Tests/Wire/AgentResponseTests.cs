using System.Buffers;
using System.Text;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class AgentResponseTests
{
    public static TheoryData<string> Lists => [.. WireVectors.Names("resp-*.bin")
        .Where(name => WireVectors.Bytes(name)[0] == (byte)AgentMessageType.SSH_AGENT_IDENTITIES_ANSWER)];

    [Theory]
    [MemberData(nameof(Lists))]
    public void Recorded_list_encodes_to_the_same_bytes_and_is_refused_when_cut(string name)
    {
        byte[] message = WireVectors.Bytes(name);
        IReadOnlyList<AgentIdentity> identities = AgentResponse.DecodeIdentities(message);
        ArrayBufferWriter<byte> output = new();
        WriteIdentities(output, identities);
        Assert.Equal(message, output.WrittenSpan.ToArray());
        for (int length = 0; length < message.Length; length++)
        {
            Assert.Throws<WireFormatException>(() => AgentResponse.DecodeIdentities(message.AsMemory(0, length)));
        }

        Assert.Throws<WireFormatException>(() => AgentResponse.DecodeIdentities((byte[])[.. message, 0]));
    }

    [Fact]
    public void Recorded_list_names_the_keys_that_were_added()
    {
        IReadOnlyList<AgentIdentity> identities = AgentResponse.DecodeIdentities(WireVectors.Bytes("resp-list.bin"));
        string[] names = ["rsa", "ecdsa256", "ecdsa384", "ecdsa521", "ed25519"];
        Assert.Equal(
            names.SelectMany(name => new[] { name + ".pub", name + "-cert.pub" })
                .Select(name => new KeyBlob(WireVectors.Blob(name))),
            identities.Select(identity => identity.Blob));
        Assert.Equal("rsa key", identities[0].Comment);
    }

    [Fact]
    public void Empty_list_is_the_one_of_OpenSSH()
    {
        ArrayBufferWriter<byte> output = new();
        WriteIdentities(output, []);
        Assert.Equal(WireVectors.Bytes("resp-list-empty.bin"), output.WrittenSpan.ToArray());
    }

    [Fact]
    public void Writing_a_list_does_not_allocate()
    {
        byte[] message = WireVectors.Bytes("resp-list-all.bin");
        IReadOnlyList<AgentIdentity> identities = AgentResponse.DecodeIdentities(message);
        ArrayBufferWriter<byte> output = new(64 * 1024);
        WriteIdentities(output, identities);
        output.ResetWrittenCount();
        long before = GC.GetAllocatedBytesForCurrentThread();
        WriteIdentities(output, identities);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Simple_answers_have_the_numbers_of_the_rfc()
    {
        Assert.Equal([5], Written(AgentResponse.WriteFailure));
        Assert.Equal([6], Written(AgentResponse.WriteSuccess));
        Assert.Equal([28], Written(AgentResponse.WriteExtensionFailure));
    }

    [Fact]
    public void Query_answer_is_that_of_OpenSSH_10()
    {
        // ssh-agent.c of OpenSSH 10.5, process_ext_query: byte 29, string "query", string "session-bind@openssh.com".
        string expected = "1d" + "00000005" + Hex("query") + "00000018" + Hex("session-bind@openssh.com");
        byte[] written = Written(output => AgentResponse.WriteQueryResponse(output, ["session-bind@openssh.com"]));
        Assert.Equal(expected, Convert.ToHexStringLower(written));
        Assert.Equal(["session-bind@openssh.com"], AgentResponse.DecodeQueryResponse(written));
        // PuTTY 0.84 answers with SSH_AGENT_SUCCESS and the names.
        byte[] putty = Convert.FromHexString("06" + "00000001" + Hex("a") + "00000002" + Hex("bc"));
        Assert.Equal(["a", "bc"], AgentResponse.DecodeQueryResponse(putty));
        Assert.Throws<WireFormatException>(() => AgentResponse.DecodeQueryResponse(new byte[] { 5 }));
        Assert.Throws<WireFormatException>(() => AgentResponse.DecodeQueryResponse(written.AsMemory(0, 20)));
    }

    [Fact]
    public void Another_message_is_not_taken_for_the_answer()
    {
        Assert.Throws<WireFormatException>(() => AgentResponse.DecodeIdentities(new byte[] { 5 }));
        Assert.Throws<WireFormatException>(() => AgentResponse.DecodeSignature(new byte[] { 5 }));
        Assert.Throws<WireFormatException>(() => AgentResponse.TypeOf(default));
        Assert.Equal(AgentMessageType.SSH_AGENT_FAILURE, AgentResponse.TypeOf(new byte[] { 5 }));
    }

    [Fact]
    public void Count_larger_than_the_message_allocates_nothing_for_it()
    {
        byte[] message = [12, 0xff, 0xff, 0xff, 0xff];
        Assert.Throws<WireFormatException>(() => AgentResponse.DecodeIdentities(message));
    }

    internal static void WriteIdentities(IBufferWriter<byte> output, IReadOnlyList<AgentIdentity> identities)
    {
        AgentResponse.WriteIdentitiesHeader(output, identities.Count);
        for (int i = 0; i < identities.Count; i++)
        {
            AgentResponse.WriteIdentity(output, identities[i].Blob, identities[i].Comment);
        }
    }

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(text));

    private static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> output = new();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
