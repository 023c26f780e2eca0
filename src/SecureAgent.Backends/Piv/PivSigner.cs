using System.Formats.Asn1;
using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>Signs with a key of a card (GENERAL AUTHENTICATE). The core verifies each signature.</summary>
internal sealed class PivSigner : ISigner
{
    // A card takes a command of about 3 kB, and Ed25519 needs the whole message in it.
    private const int MaximumMessageBytes = 3000;

    private readonly PivPinFlow _flow;
    private readonly PivCard _card;
    private readonly PivKey _key;

    /// <summary>Signs with <paramref name="key"/> of <paramref name="card"/>, which must have a public key.</summary>
    public PivSigner(PivPinFlow flow, PivCard card, PivKey key) => (_flow, _card, _key) = (flow, card, key);

    /// <inheritdoc/>
    public async ValueTask<byte[]> SignAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
    {
        ReadOnlyMemory<byte> input = InputOf(_key, algorithm, data);
        byte[] answer = await _flow.SignAsync(_card, _key, input, who, ct).ConfigureAwait(false);
        return RawOf(_key, answer);
    }

    /// <summary>What a card is sent to sign <paramref name="data"/>.</summary>
    /// <exception cref="BackendException">The key does not sign so, or not so much.</exception>
    public static ReadOnlyMemory<byte> InputOf(PivKey key, SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data)
    {
        switch (key.PublicKey)
        {
            case EcdsaPublicKey ecdsa when algorithm == SignatureAlgorithm.ForCurve(ecdsa.Curve):
                return CryptographicOperations.HashData(ecdsa.Curve.Hash, data.Span);
            case RsaPublicKey rsa when algorithm is { IsRsa: true, Hash: HashAlgorithmName hash }:
                return Pkcs1Padding.Encode(hash, CryptographicOperations.HashData(hash, data.Span), rsa.SizeBits);
            case Ed25519PublicKey when algorithm == SignatureAlgorithm.SshEd25519:
                return data.Length <= MaximumMessageBytes
                    ? data
                    : throw new BackendException(
                        $"{key.Comment} is an Ed25519 key, and a card signs at most {MaximumMessageBytes} bytes with "
                        + $"one; these are {data.Length}. Use an ECDSA or RSA key for this.");
            default:
                throw new BackendException($"{key.Comment} does not sign with {algorithm.Name}.");
        }
    }

    /// <summary>The raw signature in what a card answered.</summary>
    /// <exception cref="PivException">There is none.</exception>
    public static byte[] RawOf(PivKey key, byte[] answer) =>
        key.PublicKey is EcdsaPublicKey ecdsa ? FixedWidth(answer, ecdsa.Curve.FieldBytes) : answer;

    // Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } (RFC 3279, 2.2.3)
    private static byte[] FixedWidth(byte[] der, int fieldBytes)
    {
        try
        {
            AsnReader numbers = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
            byte[] raw = new byte[2 * fieldBytes];
            for (int start = 0; start < raw.Length; start += fieldBytes)
            {
                ReadOnlySpan<byte> number = numbers.ReadIntegerBytes().Span.TrimStart((byte)0);
                if (number.Length > fieldBytes)
                {
                    throw new PivException("The card's signature has a number that is too large for the curve.");
                }

                number.CopyTo(raw.AsSpan(start + fieldBytes - number.Length));
            }

            return raw;
        }
        catch (AsnContentException exception)
        {
            throw new PivException("The card's answer is no ECDSA signature.", exception);
        }
    }
}
