using System.Buffers.Binary;
using System.Text;
using SecureAgent.Core;

namespace SecureAgent.Backends.SecurityKey;

/// <summary>The request for a signature that ssh-sk-helper(8) reads (OpenSSH 8.7 and later; ssh-sk-client.c):
/// <code>
/// uint32 length of what follows; byte version 5; uint32 SSH_SK_HELPER_SIGN; byte log to stderr; uint32 log level;
/// string private key; string provider; string data; string ""; uint32 0; string PIN
/// private key: the public key blob; byte flags; string key handle; string ""
/// </code></summary>
internal static class SkHelperRequest
{
    /// <summary>SSH_SK_HELPER_VERSION.</summary>
    public const byte Version = 5;

    /// <summary>SSH_SK_HELPER_SIGN.</summary>
    public const uint Sign = 1;

    private const uint SYSLOG_LEVEL_ERROR = 2;

    /// <summary>Encodes a private key.</summary>
    /// <returns>The encoding; the caller disposes it.</returns>
    public static Secret EncodeKey(Wire.SkPrivateKey key, ISecretMemory memory)
    {
        ReadOnlySpan<byte> publicKey = key.PublicKey.Blob.Span;
        Secret encoded = memory.Allocate(publicKey.Length + 1 + (2 * sizeof(uint)) + key.KeyHandle.Length);
        Writer writer = new(encoded.Span);
        writer.WriteBytes(publicKey);
        writer.WriteByte(key.Flags);
        writer.WriteString(key.KeyHandle);
        writer.WriteString([]); // Reserved.
        return encoded;
    }

    /// <summary>Encodes a whole request.</summary>
    /// <param name="privateKey">As <see cref="EncodeKey"/> makes it.</param>
    /// <param name="provider">Path of the library, or <c>internal</c>.</param>
    /// <param name="data">What is to be signed.</param>
    /// <param name="pin">UTF-8; empty for none.</param>
    /// <param name="memory">Where the request stands.</param>
    /// <returns>The request; the caller disposes it.</returns>
    public static Secret Encode(
        ReadOnlySpan<byte> privateKey,
        string provider,
        ReadOnlySpan<byte> data,
        ReadOnlySpan<byte> pin,
        ISecretMemory memory)
    {
        byte[] providerBytes = Encoding.UTF8.GetBytes(provider);
        int head = sizeof(uint) + 1 + sizeof(uint) + 1 + sizeof(uint);
        int body = (6 * sizeof(uint)) + privateKey.Length + providerBytes.Length + data.Length + pin.Length;
        Secret request = memory.Allocate(head + body);
        Writer writer = new(request.Span);
        writer.WriteUInt32((uint)(head + body - sizeof(uint)));
        writer.WriteByte(Version);
        writer.WriteUInt32(Sign);
        writer.WriteByte(1);
        writer.WriteUInt32(SYSLOG_LEVEL_ERROR);
        writer.WriteString(privateKey);
        writer.WriteString(providerBytes);
        writer.WriteString(data);
        writer.WriteString([]); // Algorithm: there is only one.
        writer.WriteUInt32(0); // Compatibility flags.
        writer.WriteString(pin);
        return request;
    }

    /// <summary>Fills secret memory from the front.</summary>
    private ref struct Writer(Span<byte> rest)
    {
        private Span<byte> _rest = rest;

        public void WriteByte(byte value)
        {
            _rest[0] = value;
            _rest = _rest[1..];
        }

        public void WriteUInt32(uint value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_rest, value);
            _rest = _rest[sizeof(uint)..];
        }

        public void WriteBytes(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_rest);
            _rest = _rest[bytes.Length..];
        }

        public void WriteString(ReadOnlySpan<byte> bytes)
        {
            WriteUInt32((uint)bytes.Length);
            WriteBytes(bytes);
        }
    }
}
