using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

/// <summary>Seeded mutation of the vectors. SECURE_AGENT_FUZZ_SECONDS makes each test go on for so long after its fixed
/// number of rounds; a failure says the seed of its round.</summary>
public sealed class WireFuzzTests
{
    private const int Rounds = 8000;
    private const long MaxAllocatedBytes = 2 * WireLimits.MaxMessageBytes;

    private static readonly byte[][] Interesting =
    [
        [0x00], [0xff], [0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xfb],
        [0, 0, 0, 0], [0, 0, 0, 1], [0, 4, 0, 0], [0, 4, 0, 1], [50], [255], [9],
    ];

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
            // Written again it means the same, to the byte.
            byte[] once = AgentRequestTests.Encode(request);
            Assert.Equal(once, AgentRequestTests.Encode(AgentRequest.Decode(once)));
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
    public void Mutated_payloads_never_throw() => Fuzz(
        "req-*-2.bin",
        name => (AgentRequest.Decode(WireVectors.Bytes(name)) as AgentRequest.SignRequest)?.Data.ToArray() ?? [],
        data => _ = SignedPayload.Classify(data),
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

    /// <summary>Counts from 0 for so many rounds, or for as long as the environment says.</summary>
    internal static IEnumerable<int> Seeds(int rounds)
    {
        string? seconds = Environment.GetEnvironmentVariable("SECURE_AGENT_FUZZ_SECONDS");
        TimeSpan budget = TimeSpan.FromSeconds(
            double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : 0);
        long start = Stopwatch.GetTimestamp();
        for (int seed = 0; seed < rounds || Stopwatch.GetElapsedTime(start) < budget; seed++)
        {
            yield return seed;
        }
    }

    private static void Fuzz(string pattern, Func<string, byte[]> load, Action<byte[]> read, bool mayThrow = true)
    {
        byte[][] corpus = [.. WireVectors.Names(pattern).Select(load)];
        foreach (int seed in Seeds(Rounds))
        {
            Random random = new(seed);
            byte[] input = Mutate(random, corpus, corpus[random.Next(corpus.Length)]);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(input);
            }
            catch (Exception e) when (mayThrow && e is WireFormatException or WrongPassphraseException)
            {
                // Refused, as it may be.
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {Convert.ToHexStringLower(input)}", e);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocatedBytes);
        }
    }

    /// <summary>Changes <paramref name="sample"/> in one to four places, with pieces of the corpus too.</summary>
    internal static byte[] Mutate(Random random, byte[][] corpus, byte[] sample)
    {
        List<byte> bytes = [.. sample];
        for (int i = random.Next(1, 5); i > 0 && bytes.Count > 4; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, Interesting[random.Next(Interesting.Length)]);
                    break;
                case 4:
                    byte[] value = Interesting[random.Next(Interesting.Length)];
                    for (int j = 0; j < value.Length && at + j < bytes.Count; j++)
                    {
                        bytes[at + j] = value[j];
                    }

                    break;
                case 5:
                    byte[] other = corpus[random.Next(corpus.Length)];
                    int from = random.Next(other.Length + 1);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(64))]);
                    break;
                default:
                    // A length that is off by a little: the field before or behind is read into.
                    if (at + 4 <= bytes.Count)
                    {
                        byte[] length = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
                        uint number = BinaryPrimitives.ReadUInt32BigEndian(length) + (uint)random.Next(-4, 5);
                        BinaryPrimitives.WriteUInt32BigEndian(length, number);
                        for (int j = 0; j < 4; j++)
                        {
                            bytes[at + j] = length[j];
                        }
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
