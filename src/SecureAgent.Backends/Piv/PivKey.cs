using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>What a card tells of one slot that has a key, or a certificate of one.</summary>
public sealed record PivKey
{
    /// <summary>Where it is.</summary>
    public required PivSlot Slot { get; init; }

    /// <summary>How it is named to the agent: <c>piv:SERIAL:SLOT</c>, such as <c>piv:12345678:9a</c>.</summary>
    public required string Reference { get; init; }

    /// <summary>Its algorithm; <see cref="PivAlgorithm.None"/> if the card does not tell.</summary>
    public PivAlgorithm Algorithm { get; init; }

    /// <summary>The public key; <see langword="null"/> if the card does not tell it, or if it is none that SSH
    /// uses.</summary>
    public PublicKey? PublicKey { get; init; }

    /// <summary>Where <see cref="PublicKey"/> is from: <c>metadata</c>, <c>certificate</c> or
    /// <c>attestation</c>.</summary>
    public string? PublicKeySource { get; init; }

    /// <summary>When it wants the PIN; the slot's default where the card does not tell.</summary>
    public PivPinPolicy PinPolicy { get; init; }

    /// <summary>When it wants a touch; <see cref="PivTouchPolicy.Default"/> where the card does not tell.</summary>
    public PivTouchPolicy TouchPolicy { get; init; }

    /// <summary>Where it was made.</summary>
    public PivKeyOrigin Origin { get; init; }

    /// <summary>The X.509 certificate in the slot, in DER; empty if there is none.</summary>
    public ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>The common name in the certificate's subject.</summary>
    public string? CommonName { get; init; }

    /// <summary>What is wrong with the slot, for a person; <see langword="null"/> if nothing is.</summary>
    public string? Problem { get; init; }

    /// <summary>The SSH comment: the certificate's name, if it has one, and the reference.</summary>
    public string Comment => string.IsNullOrWhiteSpace(CommonName) ? Reference : $"{CommonName} ({Reference})";

    /// <summary>Whether it wants to be touched.</summary>
    internal bool WantsTouch => TouchPolicy is PivTouchPolicy.Always or PivTouchPolicy.Cached;
}
