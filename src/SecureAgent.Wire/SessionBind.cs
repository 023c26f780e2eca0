using System.Buffers;

namespace SecureAgent.Wire;

/// <summary>What an SSH client tells of the session that it will use the connection for (OpenSSH, PROTOCOL.agent
/// section 1): <c>string host key, string session id, string signature, bool is forwarding</c>. Not verified
/// here.</summary>
/// <param name="HostKey">The server's host key or host certificate.</param>
/// <param name="SessionId">The exchange hash of the first key exchange.</param>
/// <param name="Signature">The host key's signature blob over <paramref name="SessionId"/>.</param>
/// <param name="IsForwarding">Whether what follows is asked from the server's side.</param>
public sealed record SessionBind(
    KeyBlob HostKey, ReadOnlyMemory<byte> SessionId, ReadOnlyMemory<byte> Signature, bool IsForwarding)
{
    /// <summary>Name of the extension.</summary>
    public const string ExtensionName = "session-bind@openssh.com";

    /// <summary>Decodes the contents of the extension.</summary>
    /// <exception cref="WireFormatException">They do not parse, or the session id is too long.</exception>
    public static SessionBind Decode(ReadOnlyMemory<byte> contents)
    {
        WireReader reader = new(contents);
        return new SessionBind(
            new KeyBlob(reader.ReadStringMemory("host key")),
            reader.ReadStringMemory("session id", WireLimits.MaxSessionIdBytes),
            reader.ReadStringMemory("host key signature"),
            reader.ReadBoolean("is forwarding"));
    }

    /// <summary>Appends the contents of the extension.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        WireWriter writer = new(output);
        writer.WriteString(HostKey.Span);
        writer.WriteString(SessionId.Span);
        writer.WriteString(Signature.Span);
        writer.WriteBoolean(IsForwarding);
    }
}
