using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>One connection to an agent, speaking the protocol of RFC 9987 byte by byte and nothing more.</summary>
internal sealed class AgentSocket : IDisposable
{
    public const byte SSH_AGENT_FAILURE = 5;
    public const byte SSH_AGENT_SUCCESS = 6;
    public const byte SSH_AGENTC_REQUEST_IDENTITIES = 11;
    public const byte SSH_AGENT_IDENTITIES_ANSWER = 12;
    public const byte SSH_AGENTC_SIGN_REQUEST = 13;
    public const byte SSH_AGENT_SIGN_RESPONSE = 14;
    public const byte SSH_AGENTC_REMOVE_ALL_IDENTITIES = 19;
    public const byte SSH_AGENTC_UNLOCK = 23;
    public const byte SSH_AGENTC_EXTENSION = 27;

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

    /// <summary>Whether the agent lists a key for this connection.</summary>
    public async Task<bool> ListsAsync(byte[] keyBlob)
    {
        byte[] listed = await AskAsync([SSH_AGENTC_REQUEST_IDENTITIES]);
        Assert.Equal(SSH_AGENT_IDENTITIES_ANSWER, listed[0]);
        return listed.AsSpan().IndexOf(keyBlob) > 0;
    }

    /// <summary>Sends bytes that are no whole request.</summary>
    public async Task WriteAsync(byte[] bytes) => await _stream.WriteAsync(bytes);

    /// <summary>The body of session-bind@openssh.com for a fresh session with a fresh host, as ssh sends it.</summary>
    public static byte[] BindRequest(bool isForwarding)
    {
        using ECDsa host = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = host.ExportParameters(includePrivateParameters: false).Q;
        byte[] curve = Encoding.ASCII.GetBytes("nistp256");
        byte[] type = Encoding.ASCII.GetBytes("ecdsa-sha2-nistp256");
        byte[] blob = [.. Text(type), .. Text(curve), .. Text([4, .. point.X!, .. point.Y!])];
        byte[] session = RandomNumberGenerator.GetBytes(32);
        byte[] raw = host.SignData(session, HashAlgorithmName.SHA256);
        byte[] signature = [.. Text(type), .. Text([.. Positive(raw[..32]), .. Positive(raw[32..])])];
        byte[] name = Encoding.ASCII.GetBytes("session-bind@openssh.com");
        return
        [
            SSH_AGENTC_EXTENSION, .. Text(name), .. Text(blob), .. Text(session), .. Text(signature),
            isForwarding ? (byte)1 : (byte)0,
        ];
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

    /// <summary>The body of a request to unlock.</summary>
    public static byte[] UnlockRequest(byte[] passphrase) => [SSH_AGENTC_UNLOCK, .. Text(passphrase)];

    // RFC 4251 section 5: an mpint.
    private static byte[] Positive(byte[] number)
    {
        ReadOnlySpan<byte> digits = number.AsSpan().TrimStart((byte)0);
        return Text([.. digits.Length > 0 && digits[0] >= 0x80 ? [0] : Array.Empty<byte>(), .. digits]);
    }

    private static byte[] Text(byte[] bytes) => [.. Number((uint)bytes.Length), .. bytes];

    private static byte[] Number(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
