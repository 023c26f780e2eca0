using System.Buffers;
using SecureAgent.Tests.Fuzz;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

/// <summary>Every parser of the protocol on mutations of the vectors.</summary>
public sealed class WireFuzzTests
{
    private const int Rounds = 8000;

    [Fact]
    public void Mutated_requests_are_read_or_refused() => Fuzz("req-*.bin", WireVectors.Bytes, message =>
    {
        AgentRequest request = AgentRequest.Decode(message);
        if (request is AgentRequest.AddIdentity add)
        {
            add.DecodeKey().Dispose();
        }
        else if (request is AgentRequest.Extension extension)
        {
            _ = SessionBind.Decode(extension.Contents);
        }

        if (request is not AgentRequest.UnknownRequest)
        {
            // Written again it means the same, to the byte, and is what was read, but for bytes behind the last field
            // and for booleans, of which every value but 0 is true.
            byte[] once = AgentRequestTests.Encode(request);
            Assert.Equal(once, AgentRequestTests.Encode(AgentRequest.Decode(once)));
            Assert.True(once.Length <= message.Length);
            if (!HasBooleans(request))
            {
                Assert.Equal(message[..once.Length], once);
            }
        }
    });

    [Fact]
    public void Mutated_responses_are_read_or_refused() => Fuzz("resp-*.bin", WireVectors.Bytes, message =>
    {
        ArrayBufferWriter<byte> output = new();
        switch (AgentResponse.TypeOf(message))
        {
            case AgentMessageType.SSH_AGENT_SIGN_RESPONSE:
                SignatureBlob signature = AgentResponse.DecodeSignature(message);
                if (!signature.Algorithm.IsSecurityKey)
                {
                    AgentResponse.WriteSignResponse(output, signature.Algorithm, signature.Raw.Span);
                    Assert.Equal(message, output.WrittenSpan.ToArray());
                }

                break;
            case AgentMessageType.SSH_AGENT_IDENTITIES_ANSWER:
                IReadOnlyList<AgentIdentity> identities = AgentResponse.DecodeIdentities(message);
                if (!identities.Any(identity => identity.Comment.Contains('\ufffd')))
                {
                    AgentResponseTests.WriteIdentities(output, identities);
                    Assert.Equal(message, output.WrittenSpan.ToArray());
                }

                break;
            default:
                _ = AgentResponse.DecodeQueryResponse(message);
                break;
        }
    });

    [Fact]
    public void Mutated_keys_and_certificates_are_read_or_refused() => Fuzz("*.pub", WireVectors.Blob, bytes =>
    {
        KeyBlob blob = new(bytes);
        PublicKey key = PublicKey.DecodeKeyOrCertificate(blob);
        if (!CertificateKeyType.IsCertificate(blob))
        {
            // No two encodings of one key: what was read is what would be written.
            PublicKey again = key switch
            {
                RsaPublicKey rsa => new RsaPublicKey(rsa.Exponent, rsa.Modulus),
                EcdsaPublicKey ecdsa => new EcdsaPublicKey(ecdsa.Curve, ecdsa.Point),
                Ed25519PublicKey ed25519 => new Ed25519PublicKey(ed25519.Key),
                SkEcdsaPublicKey sk => new SkEcdsaPublicKey(sk.Point, sk.Application),
                SkEd25519PublicKey sk => new SkEd25519PublicKey(sk.Key, sk.Application),
                _ => key,
            };
            Assert.Equal(blob, again.Blob);
        }
    });

    [Fact]
    public void Mutated_certificates_are_read_whole_or_refused() => Fuzz("*-cert.pub", WireVectors.Blob, bytes =>
    {
        Certificate certificate = Certificate.Decode(new KeyBlob(bytes));
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteBytes(certificate.ToBeSigned.Span);
        writer.WriteString(certificate.Signature.Span);
        Assert.Equal(bytes, output.WrittenSpan.ToArray());
        Assert.True(CertificateKeyType.IsCertificate(certificate.Blob));
        Assert.False(CertificateKeyType.IsCertificate(certificate.PublicKey.Blob));
    });

    [Fact]
    public void Mutated_payloads_never_throw() => Fuzz(
        "req-*-2.bin",
        name => (AgentRequest.Decode(WireVectors.Bytes(name)) as AgentRequest.SignRequest)?.Data.ToArray() ?? [],
        data =>
        {
            // What is shown to a person as a login is nothing but that login.
            if (SignedPayload.Classify(data) is SignedPayload.UserAuthentication login)
            {
                Assert.Equal(data, Encode(login));
            }
        },
        mayThrow: false);

    [Fact]
    public void Mutated_private_key_files_are_read_or_refused() => Fuzz(
        "*.key",
        OpenSshPrivateKeyFileTests.Binary,
        // Without a passphrase: deriving a key for each of thousands of files would take hours.
        binary => OpenSshPrivateKeyFile.Decode(OpenSshPrivateKeyFileTests.Armor(binary), []).Dispose());

    [Fact]
    public void Mutated_private_key_texts_are_read_or_refused() => Fuzz(
        "*.key", WireVectors.Bytes, text => OpenSshPrivateKeyFile.Decode(text, []).Dispose());

    private static bool HasBooleans(AgentRequest request) => request switch
    {
        AgentRequest.AddIdentity add => add.Constraints.Any(IsWithBoolean),
        AgentRequest.AddSmartcardKey add => add.Constraints.Any(IsWithBoolean),
        _ => false,
    };

    private static bool IsWithBoolean(KeyConstraint constraint) =>
        constraint is KeyConstraint.RestrictDestination or KeyConstraint.AssociatedCertificates;

    private static byte[] Encode(SignedPayload.UserAuthentication login)
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteString(login.SessionId.Span);
        writer.WriteByte(50);
        writer.WriteUtf8(login.User);
        writer.WriteUtf8(login.Service);
        writer.WriteUtf8(login.Method);
        writer.WriteByte(1);
        writer.WriteUtf8(login.Algorithm);
        writer.WriteString(login.Key.Span);
        if (login.HostKey is { } hostKey)
        {
            writer.WriteString(hostKey.Span);
        }

        return output.WrittenSpan.ToArray();
    }

    private static void Fuzz(string pattern, Func<string, byte[]> load, Action<byte[]> read, bool mayThrow = true)
    {
        int taken = FuzzHarness.Mutate(
            Rounds,
            [.. WireVectors.Names(pattern).Select(load)],
            read,
            mayThrow ? [typeof(WireFormatException), typeof(WrongPassphraseException)] : []);
        Assert.True(taken > 0, "everything was refused");
    }
}
