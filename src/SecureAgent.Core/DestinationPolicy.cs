using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Decides what a destination-constrained key may be listed and used for on one connection, from what the
/// clients along the path have bound. Holds no state. The rules are those of OpenSSH's agent (PROTOCOL.agent section
/// 2), which ssh-add -h and ssh rely on.</summary>
internal static class DestinationPolicy
{
    /// <summary>Whether the key may be seen on the connection: always before anything is bound; else if every hop so
    /// far is permitted and, where the connection is forwarded to a host, the key may be used from there.</summary>
    /// <param name="destinations">The permitted hops; none for a key that is not constrained.</param>
    /// <param name="bindings">The hops of the connection.</param>
    /// <param name="now">Checked against the validity of host certificates.</param>
    public static bool MayList(
        IReadOnlyList<DestinationConstraint> destinations, SessionBindings bindings, DateTimeOffset now)
    {
        if (destinations.Count == 0 || !bindings.IsAttempted)
        {
            return true;
        }

        if (bindings.All is not [.., { } last])
        {
            return false; // Every bind failed, so that nothing is known of the path.
        }

        return IsPathPermitted(destinations, bindings.All, user: null, now)
            && (!last.IsForwarding || IsHopPermitted(destinations, last.HostKey, to: null, user: null, now));
    }

    /// <summary>Why the key may not sign <paramref name="payload"/>, or <see langword="null"/> if it may: only a login
    /// to the host that was bound last, as a permitted user, along permitted hops.</summary>
    /// <param name="destinations">The permitted hops; none for a key that is not constrained.</param>
    /// <param name="bindings">The hops of the connection.</param>
    /// <param name="payload">What is to be signed.</param>
    /// <param name="key">The blob that the request named.</param>
    /// <param name="now">Checked against the validity of host certificates.</param>
    public static string? RefuseUse(
        IReadOnlyList<DestinationConstraint> destinations,
        SessionBindings bindings,
        SignedPayload payload,
        KeyBlob key,
        DateTimeOffset now)
    {
        if (destinations.Count == 0)
        {
            return null;
        }

        if (bindings.All is not [.., { } last])
        {
            return "it is restricted to destinations, and the connection is bound to none (ssh 8.9 or newer binds it)";
        }

        if (payload is not SignedPayload.UserAuthentication login || login.Key != key)
        {
            return "it is restricted to destinations, and may sign nothing but logins with itself";
        }

        if (last.IsForwarding)
        {
            return "it is restricted to destinations, and the connection was bound for forwarding, not for this login";
        }

        if (!login.SessionId.Span.SequenceEqual(last.SessionId.Span))
        {
            return "it is restricted to destinations, and the login is not in the session that was bound last";
        }

        if (bindings.All.Count > 1 && login.HostKey is null)
        {
            return "it is restricted to destinations, and a login behind a forwarding must name the host key";
        }

        if (login.HostKey is { } hostKey && hostKey != last.HostKey)
        {
            return "it is restricted to destinations, and the login names another host key than the bound one";
        }

        return IsPathPermitted(destinations, bindings.All, login.User, now)
            ? null
            : $"its destinations do not permit this path, or not as {login.User}";
    }

    /// <summary>Whether every hop is permitted. The user is known at the last one only.</summary>
    private static bool IsPathPermitted(
        IReadOnlyList<DestinationConstraint> destinations,
        IReadOnlyList<SessionBindings.Binding> hops,
        string? user,
        DateTimeOffset now)
    {
        KeyBlob? from = null;
        for (int i = 0; i < hops.Count; i++)
        {
            bool isLast = i == hops.Count - 1;
            if ((!isLast && !hops[i].IsForwarding)
                || !IsHopPermitted(destinations, from, hops[i].HostKey, isLast ? user : null, now))
            {
                return false;
            }

            from = hops[i].HostKey;
        }

        return true;
    }

    /// <param name="destinations">The permitted hops.</param>
    /// <param name="from">Host key of the near end; <see langword="null"/> for this machine.</param>
    /// <param name="to">Host key of the far end; <see langword="null"/> for any.</param>
    /// <param name="user">User at the far end; <see langword="null"/> for any.</param>
    /// <param name="now">Checked against the validity of host certificates.</param>
    private static bool IsHopPermitted(
        IReadOnlyList<DestinationConstraint> destinations,
        KeyBlob? from,
        KeyBlob? to,
        string? user,
        DateTimeOffset now)
    {
        foreach (DestinationConstraint destination in destinations)
        {
            bool fromFits = from is { } near
                ? IsHost(near, destination.From, now)
                : destination.From.HostName.Length == 0 && destination.From.Keys.Count == 0;
            if (fromFits && (to is not { } far || IsHost(far, destination.To, now))
                && (user is null || destination.To.User.Length == 0
                    || WildcardPattern.Matches(destination.To.User, user)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsHost(KeyBlob key, DestinationHop hop, DateTimeOffset now)
    {
        if (!CertificateKeyType.IsCertificate(key))
        {
            return hop.Keys.Any(known => !known.IsCa && known.Key == key);
        }

        Certificate certificate = Certificate.Decode(key);
        return hop.Keys.Any(known => known.IsCa && known.Key == certificate.SignatureKey.Blob)
            && IsCertified(certificate, hop.HostName, now);
    }

    /// <summary>Whether a certificate, which its authority signed (that was checked when it was bound), is good for
    /// <paramref name="hostName"/> now.</summary>
    private static bool IsCertified(Certificate certificate, string hostName, DateTimeOffset now)
    {
        ulong seconds = (ulong)Math.Max(0, now.ToUnixTimeSeconds());
        return certificate.Type == Certificate.HostType
            && seconds >= certificate.ValidAfter && seconds < certificate.ValidBefore
            && certificate.CriticalOptions.Count == 0
            && SignatureBlob.Decode(certificate.Signature).Algorithm != SignatureAlgorithm.SshRsa
            && certificate.ValidPrincipals.Any(principal => WildcardPattern.Matches(principal, hostName));
    }
}
