using System.Buffers;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

/// <summary>An Ed25519 key as a client brings it.</summary>
internal sealed class AddedKey
{
    public AddedKey(byte seed)
    {
        byte[] secret = [.. Enumerable.Repeat(seed, Ed25519.SeedSizeBytes)];
        byte[] publicKey = Ed25519.PublicKeyOf(secret);
        PublicKey = new Ed25519PublicKey(publicKey);
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteUtf8("ssh-ed25519");
        writer.WriteString(publicKey);
        writer.WriteString([.. secret, .. publicKey]);
        Fields = output.WrittenSpan.ToArray();
    }

    public Ed25519PublicKey PublicKey { get; }

    public KeyBlob Blob => PublicKey.Blob;

    /// <summary>The fields of the private key in the request.</summary>
    public byte[] Fields { get; }
}
