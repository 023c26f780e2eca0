using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>A private key that came in a message or a file. Its secret bytes are in pinned arrays that
/// <see cref="Dispose"/> zeroes; whoever decodes one disposes it. It prints nothing of them.</summary>
public abstract record PrivateKey : IDisposable
{
    private readonly List<byte[]> _secrets = [];

    private protected PrivateKey(PublicKey publicKey, Certificate? certificate)
    {
        (PublicKey, Certificate) = (publicKey, certificate);
    }

    /// <summary>Its public half. That it belongs to the secret bytes is not checked here.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The certificate that came with it, or <see langword="null"/>.</summary>
    public Certificate? Certificate { get; }

    /// <summary>The blob under which the agent lists it: the certificate's if there is one.</summary>
    public KeyBlob Blob => Certificate?.Blob ?? PublicKey.Blob;

    /// <summary>Zeroes the secret bytes.</summary>
    public void Dispose()
    {
        foreach (byte[] secret in _secrets)
        {
            CryptographicOperations.ZeroMemory(secret);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Whether it is the same object: secrets are not compared.</summary>
    public virtual bool Equals(PrivateKey? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => PublicKey.GetHashCode();

    /// <summary>The public key; nothing secret.</summary>
    public sealed override string ToString() => $"private key of {PublicKey}";

    /// <summary>Copies a secret into a pinned array of <paramref name="length"/> bytes, padded on the left.</summary>
    private protected byte[] Keep(ReadOnlySpan<byte> secret, int length)
    {
        byte[] copy = GC.AllocateArray<byte>(length, pinned: true);
        secret.CopyTo(copy.AsSpan(length - secret.Length));
        _secrets.Add(copy);
        return copy;
    }

    /// <summary>Prints nothing.</summary>
    protected virtual bool PrintMembers(StringBuilder builder) => false;
}

/// <summary>An RSA private key. All numbers are unsigned and big-endian.</summary>
public sealed record RsaPrivateKey : PrivateKey
{
    /// <summary>Copies the numbers, unsigned and big-endian.</summary>
    public RsaPrivateKey(
        RsaPublicKey publicKey,
        Certificate? certificate,
        ReadOnlySpan<byte> d,
        ReadOnlySpan<byte> p,
        ReadOnlySpan<byte> q,
        ReadOnlySpan<byte> inverseQ) : base(publicKey, certificate)
    {
        Key = publicKey;
        D = Keep(d, d.Length);
        P = Keep(p, p.Length);
        Q = Keep(q, q.Length);
        InverseQ = Keep(inverseQ, inverseQ.Length);
    }

    /// <summary>Modulus and public exponent.</summary>
    public RsaPublicKey Key { get; }

    /// <summary>The private exponent.</summary>
    public byte[] D { get; }

    /// <summary>The first prime.</summary>
    public byte[] P { get; }

    /// <summary>The second prime.</summary>
    public byte[] Q { get; }

    /// <summary>The inverse of <see cref="Q"/> modulo <see cref="P"/>.</summary>
    public byte[] InverseQ { get; }

    /// <inheritdoc/>
    public bool Equals(RsaPrivateKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>An ECDSA private key.</summary>
public sealed record EcdsaPrivateKey : PrivateKey
{
    /// <summary>Copies the scalar, unsigned and big-endian.</summary>
    /// <exception cref="WireFormatException">It is longer than the curve's field.</exception>
    public EcdsaPrivateKey(EcdsaPublicKey publicKey, Certificate? certificate, ReadOnlySpan<byte> d)
        : base(publicKey, certificate)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        if (d.Length > publicKey.Curve.FieldBytes)
        {
            throw new WireFormatException($"ECDSA d: longer than the field of {publicKey.Curve.Name}");
        }

        Key = publicKey;
        D = Keep(d, publicKey.Curve.FieldBytes);
    }

    /// <summary>Curve and point.</summary>
    public EcdsaPublicKey Key { get; }

    /// <summary>The scalar, big-endian, padded to <see cref="EcdsaCurve.FieldBytes"/>.</summary>
    public byte[] D { get; }

    /// <inheritdoc/>
    public bool Equals(EcdsaPrivateKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>An Ed25519 private key.</summary>
public sealed record Ed25519PrivateKey : PrivateKey
{
    /// <summary>Copies the seed.</summary>
    /// <exception cref="WireFormatException">It does not have 32 bytes.</exception>
    public Ed25519PrivateKey(Ed25519PublicKey publicKey, Certificate? certificate, ReadOnlySpan<byte> seed)
        : base(publicKey, certificate)
    {
        if (seed.Length != 32)
        {
            throw new WireFormatException("Ed25519 seed: not 32 bytes");
        }

        Key = publicKey;
        Seed = Keep(seed, seed.Length);
    }

    /// <summary>The public half.</summary>
    public Ed25519PublicKey Key { get; }

    /// <summary>The 32 bytes that RFC 8032 section 5.1.5 calls the private key.</summary>
    public byte[] Seed { get; }

    /// <inheritdoc/>
    public bool Equals(Ed25519PrivateKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>What a computer holds of a key on a security key: a handle that only the security key can use.</summary>
public sealed record SkPrivateKey : PrivateKey
{
    /// <summary>Copies the handle.</summary>
    public SkPrivateKey(PublicKey publicKey, Certificate? certificate, byte flags, ReadOnlySpan<byte> handle)
        : base(publicKey, certificate)
    {
        Flags = flags;
        KeyHandle = Keep(handle, handle.Length);
    }

    /// <summary>1: a touch is needed; 4: a PIN is needed; 0x20: resident (OpenSSH, PROTOCOL.u2f).</summary>
    public byte Flags { get; }

    /// <summary>What the security key made of its secret.</summary>
    public byte[] KeyHandle { get; }

    /// <inheritdoc/>
    public bool Equals(SkPrivateKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}

/// <summary>A private key of the composite of ML-DSA-44 and Ed25519.</summary>
public sealed record MlDsa44Ed25519PrivateKey : PrivateKey
{
    /// <summary>Copies the seeds.</summary>
    /// <exception cref="WireFormatException">They do not have 64 bytes.</exception>
    public MlDsa44Ed25519PrivateKey(
        MlDsa44Ed25519PublicKey publicKey, Certificate? certificate, ReadOnlySpan<byte> seeds)
        : base(publicKey, certificate)
    {
        if (seeds.Length != 64)
        {
            throw new WireFormatException("ML-DSA-44 Ed25519 seeds: not 64 bytes");
        }

        Seeds = Keep(seeds, seeds.Length);
    }

    /// <summary>The seed of ML-DSA-44, then that of Ed25519: 32 bytes each.</summary>
    public byte[] Seeds { get; }

    /// <inheritdoc/>
    public bool Equals(MlDsa44Ed25519PrivateKey? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();
}
