using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Takes a key that a client brings, or the keys of a token, with every constraint that comes with
/// them.</summary>
internal readonly struct AddOperation
{
    private readonly SshAgent _agent;
    private readonly PeerInfo _peer;
    private readonly SessionBindings _bindings;

    public AddOperation(SshAgent agent, PeerInfo peer, SessionBindings bindings) =>
        (_agent, _peer, _bindings) = (agent, peer, bindings);

    /// <summary>SSH_AGENTC_ADD_IDENTITY and SSH_AGENTC_ADD_ID_CONSTRAINED.</summary>
    /// <returns>Why not, or <see langword="null"/> if the key is listed now.</returns>
    /// <exception cref="WireFormatException">The key does not parse.</exception>
    public Refused? AddKey(AgentRequest.AddIdentity request)
    {
        if (_agent.Options.SoftwareKeys is not { } store)
        {
            return new Refused(Refusal.NotSupported,
                "keys cannot be added here; make or import one with secure-agent key new or key import");
        }

        using PrivateKey key = request.DecodeKey();
        KeyUse use = new(key.PublicKey.Fingerprint) { KeyName = request.Comment };
        KeyRestrictions? restrictions = Restrict(request.Constraints, out Refused? refused);
        refused ??= RefuseProvider(key, restrictions?.SkProvider) ?? RefuseHidden(key.Blob);
        if (restrictions is null || refused is not null)
        {
            return refused! with { Use = use }; // Restrict gives the one or the other.
        }

        IHeldKey held;
        try
        {
            held = key is SkPrivateKey onDevice ? Hold(onDevice, restrictions.SkProvider) : store.Hold(key);
        }
        catch (BackendException exception)
        {
            return new Refused(Refusal.NotSupported, exception.Message) { Use = use };
        }

        bool isOnDevice = key is SkPrivateKey;
        Identity identity = new(
            key.Blob, key.PublicKey, request.Comment, isOnDevice ? "the security key" : "ssh-add", held)
        {
            // The platform's own code signs with all others; there is no device that could lie.
            VerifyBeforeRelease = isOnDevice,
        };
        if (_agent.Identities.Add([identity], restrictions, held, provider: null) is { } reason)
        {
            held.Dispose();
            return new Refused(Refusal.NotSupported, reason) { Use = use };
        }

        _agent.Record("add", _peer, _bindings.IsForwarded, use, $"{request.Comment} is listed.");
        return null;
    }

    /// <summary>SSH_AGENTC_ADD_SMARTCARD_KEY and SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED.</summary>
    /// <returns>Why not, or <see langword="null"/> if at least one key of the token is listed now.</returns>
    public async ValueTask<Refused?> AddTokenAsync(AgentRequest.AddSmartcardKey request, CancellationToken ct)
    {
        if (Tokens(out Refused? refused) is not { } tokens)
        {
            return refused;
        }

        if (Restrict(request.Constraints, out refused) is not { } restrictions)
        {
            return refused;
        }

        TokenKeys keys = await tokens.AddAsync(request.Id, request.Pin, ct).ConfigureAwait(false);
        List<Identity> offered = [];
        foreach (Identity identity in keys.Identities)
        {
            offered.AddRange(Offer(identity, restrictions.AssociatedCertificates));
        }

        if (offered.Count == 0)
        {
            return new Refused(Refusal.UnknownKey, $"{keys.Provider} has no key to offer that is not listed already");
        }

        if (_agent.Identities.Add(offered, restrictions, held: null, keys.Provider) is { } reason)
        {
            return new Refused(Refusal.NotSupported, reason);
        }

        foreach (Identity identity in offered)
        {
            KeyUse use = new(identity.PublicKey.Fingerprint) { KeyName = identity.Comment };
            _agent.Record("add-token", _peer, _bindings.IsForwarded, use,
                $"{identity.Comment} of {keys.Provider} is listed.");
        }

        return null;
    }

    /// <summary>SSH_AGENTC_REMOVE_SMARTCARD_KEY.</summary>
    /// <returns>Why not, or <see langword="null"/> if none of the token's keys is listed any more.</returns>
    public async ValueTask<Refused?> RemoveTokenAsync(AgentRequest.RemoveSmartcardKey request, CancellationToken ct)
    {
        if (Tokens(out Refused? refused) is not { } tokens)
        {
            return refused;
        }

        string provider = await tokens.RemoveAsync(request.Id, ct).ConfigureAwait(false);
        int count = _agent.Identities.RemoveProvider(provider);
        _agent.Record("remove-token", _peer, _bindings.IsForwarded, use: null,
            $"The {count} keys of {provider} are not listed any more.");
        return null;
    }

    /// <summary>The plain key unless only certificates are wanted or it is listed already, and its
    /// certificates.</summary>
    private IEnumerable<Identity> Offer(Identity identity, KeyConstraint.AssociatedCertificates? associated)
    {
        foreach (KeyBlob blob in associated?.Certificates ?? [])
        {
            if (CertificateKeyType.IsCertificate(blob) && Certificate.Decode(blob).PublicKey == identity.PublicKey)
            {
                yield return identity with { Blob = blob };
            }
        }

        if (associated is not { CertificatesOnly: true }
            && !_agent.Identities.Current.ByBlob.ContainsKey(identity.Blob))
        {
            yield return identity;
        }
    }

    private KeyRestrictions? Restrict(IReadOnlyList<KeyConstraint> constraints, out Refused? refused)
    {
        KeyRestrictions? restrictions =
            KeyRestrictions.Read(constraints, _agent.Options.DefaultLifetime, out string refusal);
        refused = restrictions is null ? new Refused(Refusal.ConstraintNotEnforced, refusal)
            : restrictions.Confirm && _agent.Prompter.Unavailable(_peer) is { } nobody
                ? new Refused(Refusal.ConstraintNotEnforced,
                    $"each use would have to be confirmed, and nobody can be asked: {nobody}. Set SSH_ASKPASS for the "
                    + "agent")
            : null;
        return refused is null ? restrictions : null;
    }

    /// <summary>A library that a client names is code that would run: not for a client that serves an SSH session,
    /// because its request may come from the other side (CVE-2023-38408).</summary>
    private Refused? RefuseProvider(PrivateKey key, string? provider)
    {
        if (provider is null)
        {
            return null;
        }

        if (key is not SkPrivateKey)
        {
            return new Refused(Refusal.ConstraintNotEnforced,
                $"a provider was given for {key.PublicKey.KeyType}, which is no key of a security key");
        }

        return provider.Equals("internal", StringComparison.OrdinalIgnoreCase) ? null : RefuseForSession();
    }

    private IHeldKey Hold(SkPrivateKey key, string? provider)
    {
        if (_agent.Options.SecurityKeys is not { } securityKeys)
        {
            throw new BackendException($"The key {key.PublicKey} lives on a security key, and security keys are not "
                + "used here. Use it without the agent: ssh -i FILE.");
        }

        return provider is null
            ? throw new BackendException($"The key {key.PublicKey} lives on a security key, and came without the "
                + "library that speaks to it. Name one with ssh-add -S PROVIDER FILE, or -S internal.")
            : securityKeys.Hold(key, provider);
    }

    private Refused? RefuseForSession() =>
        _bindings.IsAttempted && !_agent.Options.Forwarded.HasFlag(ForwardedRights.Providers)
            ? new Refused(Refusal.Forwarded,
                "a connection that serves an SSH session may not name libraries to load (ssh-agent -O "
                + "allow-remote-pkcs11 allows it)")
            : null;

    /// <summary>A key that this connection may not see must not be replaced by it.</summary>
    private Refused? RefuseHidden(KeyBlob blob) =>
        _agent.Identities.Find(blob) is { } listed && listed.Identity.Blob == blob
            && !listed.IsSeenBy(_peer, _bindings, _agent.Options.HostNames, _agent.Now)
            ? new Refused(Refusal.Constrained, "that key is listed already, and not for this connection")
            : null;

    private ITokenProviders? Tokens(out Refused? refused)
    {
        ITokenProviders? tokens = _agent.Options.Tokens;
        refused = tokens is null
            ? new Refused(Refusal.NotSupported, "tokens cannot be added or removed here with ssh-add")
            : RefuseForSession();
        return refused is null ? tokens : null;
    }
}
