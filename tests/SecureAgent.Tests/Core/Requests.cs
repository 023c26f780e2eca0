using System.Buffers;
using System.Text;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

/// <summary>Request messages without their length prefix.</summary>
internal static class Requests
{
    public static readonly byte[] List = [11];

    public static byte[] Encode(AgentRequest request)
    {
        ArrayBufferWriter<byte> output = new();
        request.Write(output);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Sign(KeyBlob key, byte[] data, SignatureFlags flags = SignatureFlags.None) =>
        Encode(new AgentRequest.SignRequest(key, data, flags));

    public static byte[] Remove(KeyBlob key) => Encode(new AgentRequest.RemoveIdentity(key));

    public static byte[] Lock(string passphrase) => Encode(new AgentRequest.Lock(Encoding.UTF8.GetBytes(passphrase)));

    public static byte[] Unlock(string passphrase) =>
        Encode(new AgentRequest.Unlock(Encoding.UTF8.GetBytes(passphrase)));

    /// <summary>SSH_AGENTC_ADD_IDENTITY, or SSH_AGENTC_ADD_ID_CONSTRAINED where there are constraints.</summary>
    public static byte[] Add(AddedKey key, string comment, params KeyConstraint[] constraints) =>
        Encode(new AgentRequest.AddIdentity(
            key.Fields, Encoding.UTF8.GetBytes(comment), constraints, constraints.Length > 0));

    public static byte[] Extension(string name, params byte[] contents) =>
        Encode(new AgentRequest.Extension(name, contents));

    public static byte[] Bind(KeyBlob hostKey, byte[] sessionId, byte[] signature, bool forwarding)
    {
        ArrayBufferWriter<byte> contents = new();
        new SessionBind(hostKey, sessionId, signature, forwarding).Write(contents);
        return Extension(SessionBind.ExtensionName, contents.WrittenSpan.ToArray());
    }

    /// <summary>The bytes that a client signs to log in (RFC 4252 section 7).</summary>
    public static byte[] Login(byte[] sessionId, string user, PublicKey key, KeyBlob? hostKey = null)
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteString(sessionId);
        writer.WriteByte(50);
        writer.WriteUtf8(user);
        writer.WriteUtf8("ssh-connection");
        writer.WriteUtf8(hostKey is null ? "publickey" : "publickey-hostbound-v00@openssh.com");
        writer.WriteByte(1);
        writer.WriteUtf8(key is RsaPublicKey ? "rsa-sha2-512" : key.KeyType);
        writer.WriteString(key.Blob.Span);
        if (hostKey is { } host)
        {
            writer.WriteString(host.Span);
        }

        return output.WrittenSpan.ToArray();
    }
}
