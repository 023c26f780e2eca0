using System.Buffers;
using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class SignatureTests
{
    /// <summary>Recorded sign requests that have a recorded answer.</summary>
    public static TheoryData<string> Signatures => [.. WireVectors.Names("resp-*.bin")
        .Where(name => WireVectors.Bytes(name)[0] == (byte)AgentMessageType.SSH_AGENT_SIGN_RESPONSE)];

    [Theory]
    [MemberData(nameof(Signatures))]
    public void Recorded_signature_has_the_algorithm_of_its_request_and_verifies(string name)
    {
        AgentRequest.SignRequest request = WireVectors.Request<AgentRequest.SignRequest>(
            name.Replace("resp-", "req-", StringComparison.Ordinal));
        PublicKey key = PublicKey.DecodeKeyOrCertificate(request.Key);
        SignatureBlob signature = AgentResponse.DecodeSignature(WireVectors.Bytes(name));
        Assert.Same(SignatureAlgorithm.For(key, request.Flags), signature.Algorithm);
        Assert.True(Verifies(key, signature, request.Data.Span));
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public void Recorded_signature_encodes_to_the_same_bytes(string name)
    {
        byte[] message = WireVectors.Bytes(name);
        SignatureBlob signature = AgentResponse.DecodeSignature(message);
        ArrayBufferWriter<byte> output = new();
        AgentResponse.WriteSignResponse(output, signature.Algorithm, signature.Raw.Span);
        Assert.Equal(message, output.WrittenSpan.ToArray());
        Assert.Equal(message[5..], SignatureBlob.Encode(signature.Algorithm, signature.Raw.Span));
        Assert.Equal(message[5..], signature.Encode());
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public void Recorded_signature_cut_anywhere_or_with_a_byte_more_is_refused(string name)
    {
        byte[] message = WireVectors.Bytes(name);
        for (int length = 0; length < message.Length; length++)
        {
            Assert.Throws<WireFormatException>(() => AgentResponse.DecodeSignature(message.AsMemory(0, length)));
        }

        Assert.Throws<WireFormatException>(() => AgentResponse.DecodeSignature((byte[])[.. message, 0]));
        Assert.Throws<WireFormatException>(() => SignatureBlob.Decode((byte[])[.. message[5..], 0]));
    }

    [Fact]
    public void Flags_choose_the_hash_of_rsa_and_of_nothing_else()
    {
        PublicKey rsa = PublicKey.Decode(WireVectors.Blob("rsa.pub"));
        Assert.Same(SignatureAlgorithm.SshRsa, SignatureAlgorithm.For(rsa, SignatureFlags.None));
        Assert.Same(SignatureAlgorithm.RsaSha2_256, SignatureAlgorithm.For(rsa, (SignatureFlags)2));
        Assert.Same(SignatureAlgorithm.RsaSha2_512, SignatureAlgorithm.For(rsa, (SignatureFlags)4));
        Assert.Same(SignatureAlgorithm.RsaSha2_512, SignatureAlgorithm.For(rsa, (SignatureFlags)6));
        Assert.Same(SignatureAlgorithm.RsaSha2_256, SignatureAlgorithm.For(rsa, (SignatureFlags)0xfffffff3));
        Assert.Same(SignatureAlgorithm.SshRsa, SignatureAlgorithm.For(rsa, (SignatureFlags)1));
        foreach (string name in new[] { "ecdsa256", "ecdsa384", "ecdsa521", "ed25519", "sk-ecdsa", "sk-ed25519" })
        {
            PublicKey key = PublicKey.Decode(WireVectors.Blob(name + ".pub"));
            SignatureAlgorithm algorithm = SignatureAlgorithm.For(key, SignatureFlags.None);
            Assert.Equal(key.KeyType, algorithm.Name);
            Assert.Same(algorithm, SignatureAlgorithm.For(key, (SignatureFlags)6));
            Assert.Same(algorithm, SignatureAlgorithm.FromName(key.KeyType));
        }
    }

    [Fact]
    public void Ecdsa_numbers_are_padded_on_the_left_and_written_without_padding()
    {
        byte[] raw = new byte[64];
        raw[30] = 0x7f;
        raw[31] = 0x01;
        raw[63] = 0x80;
        byte[] blob = SignatureBlob.Encode(SignatureAlgorithm.EcdsaNistp256, raw);
        Assert.EndsWith(
            "0000000c" + "000000027f01" + "000000020080", Convert.ToHexStringLower(blob), StringComparison.Ordinal);
        Assert.Equal(raw, SignatureBlob.Decode(blob).Raw.ToArray());
    }

    [Fact]
    public void Raw_signatures_of_another_length_are_refused()
    {
        Assert.Throws<WireFormatException>(() => SignatureBlob.Encode(SignatureAlgorithm.EcdsaNistp256, new byte[63]));
        Assert.Throws<WireFormatException>(() => SignatureBlob.Encode(SignatureAlgorithm.SshEd25519, new byte[65]));
        Assert.Throws<WireFormatException>(() => SignatureBlob.Encode(SignatureAlgorithm.RsaSha2_512, []));
        ArrayBufferWriter<byte> output = new();
        Assert.Throws<WireFormatException>(
            () => AgentResponse.WriteSignResponse(output, SignatureAlgorithm.EcdsaNistp521, new byte[131]));
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void Security_key_signature_keeps_flags_and_counter()
    {
        // PROTOCOL.u2f: string algorithm, string (mpint r, mpint s), byte flags, uint32 counter.
        byte[] raw = new byte[64];
        raw[31] = 1;
        raw[63] = 2;
        SignatureBlob signature = new(SignatureAlgorithm.SkEcdsaNistp256, raw, 5, 0x01020304);
        byte[] blob = signature.Encode();
        Assert.EndsWith(
            "0000000a" + "0000000101" + "0000000102" + "05" + "01020304",
            Convert.ToHexStringLower(blob),
            StringComparison.Ordinal);
        SignatureBlob again = SignatureBlob.Decode(blob);
        Assert.Equal((5, 0x01020304u), (again.SkFlags, again.SkCounter));
        Assert.Equal(raw, again.Raw.ToArray());
    }

    /// <summary>Verifies with the platform's code. The platform has no Ed25519: such a signature is only
    /// measured.</summary>
    internal static bool Verifies(PublicKey key, SignatureBlob signature, ReadOnlySpan<byte> data)
    {
        switch (key)
        {
            case RsaPublicKey rsaKey:
                using (RSA rsa = RSA.Create(new RSAParameters
                {
                    Exponent = rsaKey.Exponent.ToArray(),
                    Modulus = rsaKey.Modulus.ToArray(),
                }))
                {
                    return rsa.VerifyData(
                        data, signature.Raw.Span, signature.Algorithm.Hash!.Value, RSASignaturePadding.Pkcs1);
                }

            case EcdsaPublicKey ecdsaKey:
                using (ECDsa ecdsa = ECDsa.Create(new ECParameters
                {
                    Curve = ecdsaKey.Curve.Parameters,
                    Q = new ECPoint { X = ecdsaKey.X.ToArray(), Y = ecdsaKey.Y.ToArray() },
                }))
                {
                    return ecdsa.VerifyData(data, signature.Raw.Span, signature.Algorithm.Hash!.Value);
                }

            default:
                return signature.Raw.Length == 64;
        }
    }
}
