using System.Buffers;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>Responses of the agent (RFC 9987), written and read without their length prefix, which is the
/// channel's.</summary>
public static class AgentResponse
{
    /// <summary>Writes SSH_AGENT_FAILURE: refused.</summary>
    public static void WriteFailure(IBufferWriter<byte> output) => Begin(output, AgentMessageType.SSH_AGENT_FAILURE);

    /// <summary>Writes SSH_AGENT_SUCCESS: done.</summary>
    public static void WriteSuccess(IBufferWriter<byte> output) => Begin(output, AgentMessageType.SSH_AGENT_SUCCESS);

    /// <summary>Writes SSH_AGENT_EXTENSION_FAILURE: the extension is known, its request failed.</summary>
    public static void WriteExtensionFailure(IBufferWriter<byte> output) =>
        Begin(output, AgentMessageType.SSH_AGENT_EXTENSION_FAILURE);

    /// <summary>Writes the head of SSH_AGENT_IDENTITIES_ANSWER, <c>uint32 count</c>; exactly <paramref name="count"/>
    /// calls of <see cref="WriteIdentity"/> follow.</summary>
    public static void WriteIdentitiesHeader(IBufferWriter<byte> output, int count) =>
        Begin(output, AgentMessageType.SSH_AGENT_IDENTITIES_ANSWER).WriteUInt32((uint)count);

    /// <summary>Writes one entry: <c>string key blob, string comment</c>.</summary>
    public static void WriteIdentity(IBufferWriter<byte> output, KeyBlob blob, string comment)
    {
        WireWriter writer = new(output);
        writer.WriteString(blob.Span);
        writer.WriteUtf8(comment);
    }

    /// <summary>Writes SSH_AGENT_SIGN_RESPONSE: <c>string (string algorithm, string signature)</c>.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="algorithm">How the signature was made.</param>
    /// <param name="raw">The raw signature, as <see cref="SignatureBlob.Raw"/>.</param>
    /// <param name="skFlags">Flags of a security key.</param>
    /// <param name="skCounter">Counter of a security key.</param>
    /// <exception cref="WireFormatException">It does not have the length of the algorithm; nothing was
    /// written.</exception>
    public static void WriteSignResponse(
        IBufferWriter<byte> output,
        SignatureAlgorithm algorithm,
        ReadOnlySpan<byte> raw,
        byte skFlags = 0,
        uint skCounter = 0)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        int size = SignatureBlob.Size(algorithm, raw);
        Begin(output, AgentMessageType.SSH_AGENT_SIGN_RESPONSE).WriteUInt32((uint)size);
        SignatureBlob.Write(output, algorithm, raw, skFlags, skCounter);
    }

    /// <summary>Writes the answer to <c>query</c>: SSH_AGENT_EXTENSION_RESPONSE, <c>string "query"</c>, then the
    /// names.</summary>
    public static void WriteQueryResponse(IBufferWriter<byte> output, ReadOnlySpan<string> extensionNames)
    {
        WireWriter writer = Begin(output, AgentMessageType.SSH_AGENT_EXTENSION_RESPONSE);
        writer.WriteUtf8(AgentRequest.Extension.Query);
        foreach (string name in extensionNames)
        {
            writer.WriteUtf8(name);
        }
    }

    /// <summary>The type of a response.</summary>
    /// <exception cref="WireFormatException">It is empty.</exception>
    public static AgentMessageType TypeOf(ReadOnlyMemory<byte> message) =>
        (AgentMessageType)new WireReader(message).ReadByte("message type");

    /// <summary>Decodes SSH_AGENT_IDENTITIES_ANSWER. The blobs are slices of <paramref name="message"/>.</summary>
    /// <exception cref="WireFormatException">It is another message, or does not parse.</exception>
    public static IReadOnlyList<AgentIdentity> DecodeIdentities(ReadOnlyMemory<byte> message)
    {
        WireReader reader = new(message);
        RequireType(ref reader, AgentMessageType.SSH_AGENT_IDENTITIES_ANSWER);
        uint count = reader.ReadUInt32("identity count");
        List<AgentIdentity> identities = [];
        for (uint i = 0; i < count; i++)
        {
            KeyBlob blob = new(reader.ReadStringMemory("key blob"));
            // A comment is for people: one that is not UTF-8 must not hide the whole list.
            identities.Add(new AgentIdentity(blob, Encoding.UTF8.GetString(reader.ReadString("comment"))));
        }

        reader.RequireEnd("identities");
        return identities;
    }

    /// <summary>Decodes SSH_AGENT_SIGN_RESPONSE.</summary>
    /// <exception cref="WireFormatException">It is another message, or does not parse.</exception>
    public static SignatureBlob DecodeSignature(ReadOnlyMemory<byte> message)
    {
        WireReader reader = new(message);
        RequireType(ref reader, AgentMessageType.SSH_AGENT_SIGN_RESPONSE);
        ReadOnlyMemory<byte> blob = reader.ReadStringMemory("signature blob");
        reader.RequireEnd("sign response");
        return SignatureBlob.Decode(blob);
    }

    /// <summary>Decodes the answer to <c>query</c>; also that of agents older than RFC 9987, which is SSH_AGENT_SUCCESS
    /// and the names.</summary>
    /// <exception cref="WireFormatException">It is another message, or does not parse.</exception>
    public static IReadOnlyList<string> DecodeQueryResponse(ReadOnlyMemory<byte> message)
    {
        WireReader reader = new(message);
        if ((AgentMessageType)reader.ReadByte("message type") != AgentMessageType.SSH_AGENT_SUCCESS)
        {
            reader = new WireReader(message);
            RequireType(ref reader, AgentMessageType.SSH_AGENT_EXTENSION_RESPONSE);
            if (!reader.ReadString("extension name").SequenceEqual("query"u8))
            {
                throw new WireFormatException("extension name: not query");
            }
        }

        List<string> names = [];
        while (reader.Remaining > 0)
        {
            names.Add(reader.ReadUtf8("extension name", WireLimits.MaxNameBytes));
        }

        return names;
    }

    private static WireWriter Begin(IBufferWriter<byte> output, AgentMessageType type)
    {
        WireWriter writer = new(output);
        writer.WriteByte((byte)type);
        return writer;
    }

    private static void RequireType(ref WireReader reader, AgentMessageType expected)
    {
        byte type = reader.ReadByte("message type");
        if (type != (byte)expected)
        {
            throw new WireFormatException($"message type: {type} instead of {expected}");
        }
    }
}
