namespace SecureAgent.HwSim.Piv;

/// <summary>A key pair in a slot.</summary>
internal abstract class PivKey : IDisposable
{
    /// <summary>Tag of a point in the template of a public key.</summary>
    protected const int PointTag = 0x86;

    /// <summary>Its algorithm.</summary>
    public abstract PivAlgorithm Algorithm { get; }

    /// <summary>When it needs the PIN.</summary>
    public required PinPolicy PinPolicy { get; init; }

    /// <summary>When it needs a touch.</summary>
    public required TouchPolicy TouchPolicy { get; init; }

    /// <summary>It was made on the card and can be attested.</summary>
    public required bool IsGenerated { get; init; }

    /// <summary>Data objects of the public key: what 7F49 of GENERATE and 04 of METADATA hold.</summary>
    public abstract byte[] PublicTemplate { get; }

    /// <summary>The public key as X.509 has it.</summary>
    public abstract byte[] SubjectPublicKeyInfo { get; }

    /// <summary>The private key as the state file has it; <see cref="PivKeyFactory.Restore"/> reads it.</summary>
    public abstract byte[] PrivateBytes { get; }

    /// <summary>The private key operation on what tag 81 of GENERAL AUTHENTICATE holds.</summary>
    /// <exception cref="CardError">6A80: it does not fit the key.</exception>
    public abstract byte[] Sign(byte[] challenge);

    /// <summary>The shared secret with what tag 85 of GENERAL AUTHENTICATE holds.</summary>
    /// <exception cref="CardError">6A80: the key cannot, or it is no point of the curve.</exception>
    public virtual byte[] Agree(byte[] peer) => throw new CardError(StatusWord.WrongData);

    /// <inheritdoc/>
    public abstract void Dispose();
}
