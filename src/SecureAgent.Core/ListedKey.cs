using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>One listed identity with everything that holds for it: the constraints it was added with, and the
/// configuration's policy.</summary>
internal sealed class ListedKey
{
    private readonly object _gate = new();
    private uint _reserved;
    private uint _made;

    public ListedKey(Identity identity, KeyPolicy policy, KeyRestrictions restrictions) =>
        (Identity, Policy, Restrictions) = (identity, policy, restrictions);

    /// <summary>The key and its signer.</summary>
    public Identity Identity { get; }

    /// <summary>What the configuration says.</summary>
    public KeyPolicy Policy { get; }

    /// <summary>What it was added with.</summary>
    public KeyRestrictions Restrictions { get; }

    /// <summary>When it is to be removed, on the clock of lifetimes; <see langword="null"/> for never.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>What owns the private half, if the agent does; zeroed when the key is removed.</summary>
    public IHeldKey? Held { get; init; }

    /// <summary>Canonical name of the module that brought it, if one did.</summary>
    public string? Provider { get; init; }

    /// <summary>Whether a signature takes some microseconds: the agent's own key, of a curve that is quick.</summary>
    public bool IsQuick => Held is not null && Identity.PublicKey is
        Ed25519PublicKey or EcdsaPublicKey { Curve.SizeBits: 256 };

    /// <summary>Whether every connection sees it in the list.</summary>
    public bool IsSeenByAll =>
        Restrictions.Destinations.Count == 0 && Policy.Hosts is null && Policy.Channels is null;

    /// <summary>Takes one of the signatures that maxsign allows, before the signature is made, so that requests side by
    /// side cannot make one too many.</summary>
    /// <returns>Whether one was left. If so, <see cref="SettleSignature"/> must follow.</returns>
    public bool TryReserveSignature()
    {
        if (Restrictions.MaxSignatures is not { } most)
        {
            return true;
        }

        lock (_gate)
        {
            if (_reserved == most)
            {
                return false;
            }

            _reserved++;
            return true;
        }
    }

    /// <summary>Settles a reservation: the signature was made, or it was not and may be made another time.</summary>
    /// <returns>Whether it was the last that maxsign allows.</returns>
    public bool SettleSignature(bool wasMade)
    {
        if (Restrictions.MaxSignatures is not { } most)
        {
            return false;
        }

        lock (_gate)
        {
            if (!wasMade)
            {
                _reserved--;
                return false;
            }

            return ++_made == most;
        }
    }

    /// <summary>Whether a connection sees it in its list.</summary>
    /// <param name="peer">The connection.</param>
    /// <param name="bindings">What it was bound to.</param>
    /// <param name="hostNames">Knows hosts by their keys.</param>
    /// <param name="now">Checked against the validity of host certificates.</param>
    public bool IsSeenBy(PeerInfo peer, SessionBindings bindings, IHostNames? hostNames, DateTimeOffset now) =>
        Policy.ShowsTo(peer, bindings, hostNames) && DestinationPolicy.MayList(Restrictions.Destinations, bindings, now);
}
