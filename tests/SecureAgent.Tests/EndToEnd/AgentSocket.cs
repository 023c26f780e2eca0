using System.Buffers.Binary;
using System.Net.Sockets;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>One connection to an agent, speaking the protocol of RFC 9987 byte by byte and nothing more.</summary>
internal sealed class AgentSocket : IDisposable
{
    public const byte SSH_AGENT_FAILURE = 5;
    public const byte SSH_AGENTC_REQUEST_IDENTITIES = 11;
    public const byte SSH_AGENT_IDENTITIES_ANSWER = 12;
    public const byte SSH_AGENTC_SIGN_REQUEST = 13;
    public const byte SSH_AGENT_SIGN_RESPONSE = 14;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly NetworkStream _stream;

    private AgentSocket(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _stream = new NetworkStream(_socket, ownsSocket: false);
    }

    /// <summary>Connects to the agent that listens at <paramref name="path"/>.</summary>
    public static AgentSocket Connect(string path) => new(path);

    /// <summary>Sends one request and returns the body of its answer, type included.</summary>
    public async Task<byte[]> AskAsync(byte[] body)
    {
        byte[] frame = [.. Number((uint)body.Length), .. body];
        await _stream.WriteAsync(frame);
        byte[] length = new byte[4];
        await _stream.ReadExactlyAsync(length);
        byte[] answer = new byte[BinaryPrimitives.ReadUInt32BigEndian(length)];
        await _stream.ReadExactlyAsync(answer);
        return answer;
    }

    /// <summary>The body of a request to sign.</summary>
    public static byte[] SignRequest(byte[] keyBlob, byte[] data, uint flags) =>
        [SSH_AGENTC_SIGN_REQUEST, .. Text(keyBlob), .. Text(data), .. Number(flags)];

    /// <summary>The strings (RFC 4251 section 5) that fill <paramref name="bytes"/>.</summary>
    public static List<byte[]> Texts(ReadOnlySpan<byte> bytes)
    {
        List<byte[]> texts = [];
        while (bytes.Length > 0)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(bytes);
            texts.Add(bytes.Slice(4, length).ToArray());
            bytes = bytes[(4 + length)..];
        }

        return texts;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private static byte[] Text(byte[] bytes) => [.. Number((uint)bytes.Length), .. bytes];

    private static byte[] Number(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
