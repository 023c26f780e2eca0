using System.Buffers;
using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>One sign request from the key it names to the signature on the wire. No lock is held at any step.</summary>
internal readonly struct SignOperation
{
    /// <summary>What <c>ssh-add -T</c> has signed: random bytes.</summary>
    private const int SelfTestSizeBytes = 1024;

    private readonly SshAgent _agent;
    private readonly PeerInfo _peer;
    private readonly SessionBindings _bindings;

    public SignOperation(SshAgent agent, PeerInfo peer, SessionBindings bindings) =>
        (_agent, _peer, _bindings) = (agent, peer, bindings);

    /// <summary>Signs and writes SSH_AGENT_SIGN_RESPONSE.</summary>
    /// <param name="key">The key that the request names, or that its certificate certifies.</param>
    /// <param name="request">The request.</param>
    /// <param name="response">Takes the response.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <returns>Why not, or <see langword="null"/> if the response is written.</returns>
    public async ValueTask<Refused?> RunAsync(
        ListedKey key, AgentRequest.SignRequest request, IBufferWriter<byte> response, CancellationToken ct)
    {
        // A copy of our own: a device that hangs may still read it when the connection's buffer serves another request.
        byte[] data = request.Data.ToArray();
        SignedPayload payload = Classify(data, request.Key);
        SignPurpose purpose = SignPurpose.Describe(payload, _bindings, _agent.Options.HostNames);
        Identity identity = key.Identity;
        KeyUse use = new(identity.PublicKey.Fingerprint)
        {
            KeyName = identity.Comment,
            Purpose = purpose.Text,
            Destination = purpose.Destination,
            PayloadSha256 = SHA256.HashData(data),
        };
        Refused? refused = RefuseByRules(key, request, payload, data.Length, out SignatureAlgorithm algorithm);
        if (refused is null)
        {
            SignContext who = new(_peer, identity.Comment, purpose.Text);
            refused = key.TryReserveSignature()
                ? await SignReservedAsync(key, algorithm, data, payload, who, use, response, ct).ConfigureAwait(false)
                : new Refused(Refusal.Constrained, $"{identity.Comment} has made all signatures that maxsign allows");
        }

        return refused is null ? null : refused with { Use = use };
    }

    /// <summary>What the data means for this key: a login with another key's name in it is not a login with this
    /// one.</summary>
    public static SignedPayload Classify(ReadOnlyMemory<byte> data, KeyBlob key)
    {
        SignedPayload payload = SignedPayload.Classify(data);
        return payload is SignedPayload.UserAuthentication login && login.Key != key
            ? SignedPayload.UnknownPayload.Instance
            : payload;
    }

    /// <summary>Asks the person where a constraint or the policy of the key wants it, and before bytes of no known
    /// meaning are signed for another host: they could be a login to anywhere, or anything.</summary>
    /// <exception cref="BackendException">Nobody can be asked.</exception>
    public ValueTask<Refused?> ConsentAsync(
        KeyBlob key,
        bool confirm,
        KeyPolicy policy,
        SignedPayload payload,
        SignContext who,
        KeyUse use,
        CancellationToken ct)
    {
        bool isUnknown = payload is SignedPayload.UnknownPayload;
        if (!confirm && policy.Confirm != ConfirmRule.Always
            && !(_bindings.IsForwarded && (isUnknown || policy.Confirm == ConfirmRule.Forwarded)))
        {
            return default;
        }

        string covered = isUnknown ? who.Purpose + Convert.ToHexString(use.PayloadSha256.Span) : who.Purpose;
        return _agent.Consent.AskAsync(
            new ConsentSubject(key, covered, ConsentSubject.ProcessTree.Of(_peer)), who, ct);
    }

    /// <summary>The rules of the configuration for a key.</summary>
    /// <returns>Why it may not sign <paramref name="payload"/> here, or <see langword="null"/>.</returns>
    public string? RefuseByPolicy(KeyPolicy policy, SignedPayload payload)
    {
        if (!policy.AllowsChannel(_peer))
        {
            return $"the configuration does not offer it on the channel {_peer.Channel}";
        }

        if (policy.Purposes is { } purposes && !purposes.Any(rule => rule.Allows(payload)))
        {
            return $"the configuration allows it only for {string.Join(", ", purposes)}";
        }

        if (policy.Hosts is not { } hosts)
        {
            return null;
        }

        // Data of no known meaning could be a login to anywhere. Files and certificates go to no host.
        return payload switch
        {
            SignedPayload.UserAuthentication login => RefuseHost(policy, hosts, login),
            SignedPayload.UnknownPayload => "the configuration limits it to hosts, and this may be a login to any",
            _ => null,
        };
    }

    private string? RefuseHost(
        KeyPolicy policy, IReadOnlyList<string> hosts, SignedPayload.UserAuthentication login)
    {
        if (_bindings.HostKeyOf(login.SessionId.Span) is not { } hostKey)
        {
            return "the configuration limits it to hosts, and the client did not bind the session to one";
        }

        // What the client writes into the login must be what the host key proved.
        return (login.HostKey is null || login.HostKey == hostKey)
            && policy.AllowsHost(hostKey, _agent.Options.HostNames)
            ? null
            : $"the configuration limits it to {string.Join(", ", hosts)}; known_hosts has no such name for the "
                + "server's key";
    }

    private Refused? RefuseByRules(
        ListedKey key,
        AgentRequest.SignRequest request,
        SignedPayload payload,
        int sizeBytes,
        out SignatureAlgorithm algorithm)
    {
        Identity identity = key.Identity;
        algorithm = SignatureAlgorithm.For(identity.PublicKey, request.Flags);
        if (DestinationPolicy.RefuseUse(
            key.Restrictions.Destinations, _bindings, payload, request.Key, _agent.Now) is { } forbidden)
        {
            return new Refused(Refusal.Constrained, $"{identity.Comment}: {forbidden}");
        }

        if (RefuseByPolicy(key.Policy, payload) is { } denied)
        {
            return new Refused(Refusal.PolicyDenied, $"{identity.Comment}: {denied}");
        }

        if (WebApplicationOf(identity.PublicKey) is { } application && !_agent.IsWebSafe(application)
            && payload is not (SignedPayload.UserAuthentication or SignedPayload.SshSignature))
        {
            return new Refused(Refusal.PolicyDenied,
                $"{identity.Comment} belongs to {application} and may sign nothing but SSH logins and file signatures");
        }

        if (algorithm == SignatureAlgorithm.SshRsa && !key.Policy.AllowRsaSha1)
        {
            // The self-test of ssh-add -T before OpenSSH 9.3 names no hash and takes any signature: it gets SHA-256, as
            // newer ones ask for (decision 0005).
            if (payload is not SignedPayload.UnknownPayload || sizeBytes != SelfTestSizeBytes)
            {
                return new Refused(Refusal.AlgorithmNotAllowed,
                    $"{identity.Comment} was to sign with SHA-1, which is forgeable; use a client that knows "
                    + "rsa-sha2-256");
            }

            algorithm = SignatureAlgorithm.RsaSha2_256;
        }

        return _agent.Options.Audit?.Blocked is { } blocked ? new Refused(Refusal.NotAuditable, blocked) : null;
    }

    private static string? WebApplicationOf(PublicKey key) => key switch
    {
        SkEcdsaPublicKey ecdsa => ecdsa.Application,
        SkEd25519PublicKey ed25519 => ed25519.Application,
        _ => null,
    };

    private async ValueTask<Refused?> SignReservedAsync(
        ListedKey key,
        SignatureAlgorithm algorithm,
        byte[] data,
        SignedPayload payload,
        SignContext who,
        KeyUse use,
        IBufferWriter<byte> response,
        CancellationToken ct)
    {
        bool wasMade = false;
        try
        {
            Refused? refused = await ConsentAsync(
                key.Identity.Blob, key.Restrictions.Confirm, key.Policy, payload, who, use, ct).ConfigureAwait(false);
            if (refused is not null || (refused = RefuseStale(key)) is not null)
            {
                return refused;
            }

            Identity identity = key.Identity;
            byte[] raw = await identity.Signer.SignAsync(algorithm, data, who, ct).ConfigureAwait(false);
            if (identity.VerifyBeforeRelease && !SignatureVerifier.Verify(identity.PublicKey, algorithm, data, raw))
            {
                return new Refused(Refusal.BadSignature,
                    $"{identity.Backend} returned a signature for {identity.Comment} that is wrong; it is discarded");
            }

            if (RefuseStale(key) is { } stale)
            {
                return stale;
            }

            Write(response, algorithm, raw);
            wasMade = true;
            _agent.RecordSignature(_peer, _bindings.IsForwarded, use);
            return null;
        }
        catch (BackendException exception)
        {
            return new Refused(Refusal.BackendFailed, exception.Message);
        }
        finally
        {
            if (key.SettleSignature(wasMade))
            {
                _agent.Identities.Remove(key);
            }
        }
    }

    private static void Write(IBufferWriter<byte> response, SignatureAlgorithm algorithm, ReadOnlySpan<byte> raw)
    {
        if (!algorithm.IsSecurityKey)
        {
            AgentResponse.WriteSignResponse(response, algorithm, raw);
            return;
        }

        SkSignature signature = new(raw);
        AgentResponse.WriteSignResponse(
            response, algorithm, signature.Signature, signature.Flags, signature.Counter);
    }

    /// <summary>Looks again after a person or a device took time.</summary>
    private Refused? RefuseStale(ListedKey key) =>
        _agent.Lock.IsLocked ? new Refused(Refusal.Locked, "the agent was locked meanwhile")
        : !_agent.Identities.Holds(key)
            ? new Refused(Refusal.UnknownKey, $"{key.Identity.Comment} was removed, or has expired, meanwhile")
        : null;
}
