using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>The constraints of one request to add keys, each of which is enforced: the one place where they are read.
/// Whatever the keys come from, the same object goes with each of them.</summary>
internal sealed class KeyRestrictions
{
    /// <summary>Those of keys that nobody constrained.</summary>
    public static readonly KeyRestrictions None = new();

    private KeyRestrictions()
    {
    }

    /// <summary>How long the key stays; <see langword="null"/> for no end.</summary>
    public TimeSpan? Lifetime { get; private set; }

    /// <summary>Whether the person is asked at each use.</summary>
    public bool Confirm { get; private set; }

    /// <summary>How many signatures it may make; <see langword="null"/> for any number.</summary>
    public uint? MaxSignatures { get; private set; }

    /// <summary>Where it may be used; empty for everywhere.</summary>
    public IReadOnlyList<DestinationConstraint> Destinations { get; private set; } = [];

    /// <summary>Library through which a security key signs, if named.</summary>
    public string? SkProvider { get; private set; }

    /// <summary>Certificates that go with the keys of a token, if given.</summary>
    public KeyConstraint.AssociatedCertificates? AssociatedCertificates { get; private set; }

    /// <summary>Reads constraints, which must outlive the request: what is kept of them is copied.</summary>
    /// <param name="constraints">As the request has them.</param>
    /// <param name="defaultLifetime">The lifetime of keys that bring none.</param>
    /// <param name="refusal">Why they cannot be enforced.</param>
    /// <returns><see langword="null"/> if one of them cannot be enforced; the key must then not be stored.</returns>
    public static KeyRestrictions? Read(
        IReadOnlyList<KeyConstraint> constraints, TimeSpan? defaultLifetime, out string refusal)
    {
        KeyRestrictions read = new() { Lifetime = defaultLifetime };
        refusal = "";
        foreach (KeyConstraint constraint in constraints)
        {
            switch (constraint)
            {
                case KeyConstraint.Lifetime lifetime:
                    read.Lifetime = TimeSpan.FromSeconds(lifetime.Seconds);
                    break;
                case KeyConstraint.Confirm:
                    read.Confirm = true;
                    break;
                case KeyConstraint.MaxSignatures { Count: 0 }:
                    refusal = "the constraint maxsign allows no signature at all";
                    return null;
                case KeyConstraint.MaxSignatures signatures:
                    read.MaxSignatures = signatures.Count;
                    break;
                case KeyConstraint.RestrictDestination restrict:
                    read.Destinations = [.. restrict.Destinations.Select(Copy)];
                    break;
                case KeyConstraint.SkProvider provider:
                    read.SkProvider = provider.Provider;
                    break;
                case KeyConstraint.AssociatedCertificates certificates:
                    read.AssociatedCertificates =
                        certificates with { Certificates = [.. certificates.Certificates.Select(Copy)] };
                    break;
                case KeyConstraint.UnknownConstraint unknown:
                    refusal = $"the constraint {unknown.ExtensionName ?? $"number {unknown.Type}"} is not known here, "
                        + "so that it could not be kept";
                    return null;
                default:
                    throw new ArgumentException($"{constraint.GetType().Name} is not read.", nameof(constraints));
            }
        }

        return read;
    }

    private static DestinationConstraint Copy(DestinationConstraint destination) =>
        new(Copy(destination.From), Copy(destination.To));

    private static DestinationHop Copy(DestinationHop hop) =>
        hop with { Keys = [.. hop.Keys.Select(key => key with { Key = Copy(key.Key) })] };

    private static KeyBlob Copy(KeyBlob blob) => new(blob.Span.ToArray());
}
