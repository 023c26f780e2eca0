using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

/// <summary>A private key in software, as a signer and as a host key.</summary>
internal sealed class TestKey : ISigner
{
    private readonly Func<SignatureAlgorithm, ReadOnlyMemory<byte>, byte[]> _sign;
    private int _signed;

    private TestKey(PublicKey publicKey, Func<SignatureAlgorithm, ReadOnlyMemory<byte>, byte[]> sign) =>
        (PublicKey, _sign) = (publicKey, sign);

    public PublicKey PublicKey { get; }

    public int Signed => Volatile.Read(ref _signed);

    /// <summary>Awaited before each signature.</summary>
    public Func<CancellationToken, Task> Delay { get; set; } = _ => Task.CompletedTask;

    /// <summary>Applied to each raw signature.</summary>
    public Func<byte[], byte[]> Change { get; set; } = raw => raw;

    public SignContext? LastContext { get; private set; }

    public static TestKey Ecdsa(EcdsaCurve curve)
    {
        ECDsa key = ECDsa.Create(curve.Parameters);
        ECPoint point = key.ExportParameters(false).Q;
        return new TestKey(new EcdsaPublicKey(curve, (byte[])[4, .. point.X!, .. point.Y!]), (_, data) => key.SignData(
            data.Span, curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    public static TestKey Rsa(int bits = 2048)
    {
        RSA key = RSA.Create(bits);
        RSAParameters parameters = key.ExportParameters(false);
        return new TestKey(new RsaPublicKey(parameters.Exponent, parameters.Modulus), (algorithm, data) => key.SignData(
            data.Span, algorithm.Hash!.Value, RSASignaturePadding.Pkcs1));
    }

    public static TestKey Ed25519()
    {
        byte[] seed = RandomNumberGenerator.GetBytes(SecureAgent.Core.Ed25519.SeedSizeBytes);
        byte[] publicKey = SecureAgent.Core.Ed25519.PublicKeyOf(seed);
        return new TestKey(
            new Ed25519PublicKey(publicKey), (_, data) => SecureAgent.Core.Ed25519.Sign(seed, publicKey, data.Span));
    }

    public Identity Identity(string comment) => new(PublicKey.Blob, PublicKey, comment, "test", this);

    public async ValueTask<byte[]> SignAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
    {
        LastContext = who;
        await Delay(ct);
        Interlocked.Increment(ref _signed);
        return Change(_sign(algorithm, data));
    }

    /// <summary>A signature blob, as a host makes it.</summary>
    public byte[] SignBlob(SignatureAlgorithm algorithm, byte[] data) =>
        SignatureBlob.Encode(algorithm, _sign(algorithm, data));

    /// <summary>The whole session-bind request of a client that is connected to this host.</summary>
    public byte[] Bind(byte[] sessionId, bool forwarding, SignatureAlgorithm? algorithm = null) => Requests.Bind(
        PublicKey.Blob,
        sessionId,
        SignBlob(algorithm ?? SignatureAlgorithm.For(PublicKey, SignatureFlags.SSH_AGENT_RSA_SHA2_512), sessionId),
        forwarding);
}
