using System.Buffers;
using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Requests that go on to another agent, under the same gate, policy, consent and record as those for keys of
/// our own. Requests and answers go through byte for byte: the other agent may know constraints and key types that this
/// one does not.</summary>
internal readonly struct UpstreamOperation
{
    private readonly SshAgent _agent;
    private readonly PeerInfo _peer;
    private readonly SessionBindings _bindings;
    private readonly IReadOnlyList<UpstreamConnection> _upstreams;

    public UpstreamOperation(
        SshAgent agent, PeerInfo peer, SessionBindings bindings, IReadOnlyList<UpstreamConnection> upstreams) =>
        (_agent, _peer, _bindings, _upstreams) = (agent, peer, bindings, upstreams);

    /// <summary>Appends the keys of all other agents, asked at the same time.</summary>
    public async ValueTask ListAsync(IdentitiesAnswer answer, HashSet<KeyBlob> listed, CancellationToken ct)
    {
        Task<IReadOnlyList<AgentIdentity>>[] lists =
            [.. _upstreams.Select(upstream => upstream.ListAsync(ct).AsTask())];
        foreach (IReadOnlyList<AgentIdentity> list in await Task.WhenAll(lists).ConfigureAwait(false))
        {
            foreach (AgentIdentity identity in list)
            {
                if (PolicyOf(identity).ShowsTo(_peer, _bindings, _agent.Options.HostNames)
                    && listed.Add(identity.Blob))
                {
                    _ = answer.TryAdd(identity.Blob, identity.Comment);
                }
            }
        }
    }

    /// <summary>Has a key of another agent sign.</summary>
    /// <param name="request">The request.</param>
    /// <param name="message">The same, byte for byte.</param>
    /// <param name="response">Takes the answer.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <returns>Why not, or <see langword="null"/> if the answer is written.</returns>
    public async ValueTask<Refused?> SignAsync(
        AgentRequest.SignRequest request,
        ReadOnlyMemory<byte> message,
        IBufferWriter<byte> response,
        CancellationToken ct)
    {
        if (await FindAsync(request.Key, ct).ConfigureAwait(false) is not { } found)
        {
            return new Refused(Refusal.UnknownKey, "no such key is listed")
            {
                Use = new KeyUse(PublicKey.FingerprintOf(request.Key)),
            };
        }

        SignOperation rules = new(_agent, _peer, _bindings);
        SignedPayload payload = SignOperation.Classify(request.Data.ToArray(), request.Key);
        SignPurpose purpose = SignPurpose.Describe(payload, _bindings, _agent.Options.HostNames);
        KeyUse use = new(UpstreamConnection.FingerprintOf(request.Key))
        {
            KeyName = found.Identity.Comment,
            Purpose = purpose.Text,
            Destination = purpose.Destination,
            PayloadSha256 = SHA256.HashData(request.Data.Span),
        };
        KeyPolicy policy = PolicyOf(found.Identity);
        Refused? refused = RefuseByRules(rules, policy, request, payload, found.Identity.Comment);
        try
        {
            refused ??= await rules.ConsentAsync(
                request.Key,
                confirm: false,
                policy,
                payload,
                new SignContext(_peer, found.Identity.Comment, purpose.Text),
                use,
                ct).ConfigureAwait(false);
        }
        catch (BackendException exception)
        {
            refused = new Refused(Refusal.BackendFailed, exception.Message);
        }

        refused ??= RefuseWhenLocked();
        refused ??= await RelayAsync(
            found.Upstream, message, AgentMessageType.SSH_AGENT_SIGN_RESPONSE, response, ct).ConfigureAwait(false);
        if (refused is not null)
        {
            return refused with { Use = use };
        }

        _agent.RecordSignature(_peer, _bindings.IsForwarded, use);
        return null;
    }

    /// <summary>Has another agent remove its key.</summary>
    /// <returns>Why not, or <see langword="null"/> if it did and the answer is written.</returns>
    public async ValueTask<Refused?> RemoveAsync(
        KeyBlob key, ReadOnlyMemory<byte> message, IBufferWriter<byte> response, CancellationToken ct)
    {
        KeyUse use = new(UpstreamConnection.FingerprintOf(key));
        if (await FindAsync(key, ct).ConfigureAwait(false) is not { } found)
        {
            return new Refused(Refusal.UnknownKey, "no such key is listed") { Use = use };
        }

        Refused? refused = await RelayAsync(
            found.Upstream, message, AgentMessageType.SSH_AGENT_SUCCESS, response, ct).ConfigureAwait(false);
        if (refused is not null)
        {
            return refused with { Use = use };
        }

        _agent.Record("remove", _peer, _bindings.IsForwarded, use,
            $"{found.Identity.Comment} is removed from {found.Upstream.Name}.");
        return null;
    }

    /// <summary>Has every other agent remove the keys that it offers here, and leaves those that the filter
    /// hides.</summary>
    /// <returns>Names of agents that did not.</returns>
    public async ValueTask<IReadOnlyList<string>> RemoveAllAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        List<string> failed = [];
        foreach (UpstreamConnection upstream in _upstreams)
        {
            bool done = true;
            if (upstream.OffersAll)
            {
                // An agent that is not there has no keys to remove.
                byte[]? answer = await upstream.AskAsync(message, ct).ConfigureAwait(false);
                done = answer is null || AgentResponse.TypeOf(answer) == AgentMessageType.SSH_AGENT_SUCCESS;
            }
            else
            {
                foreach (AgentIdentity identity in await upstream.ListAsync(ct).ConfigureAwait(false))
                {
                    ArrayBufferWriter<byte> remove = new();
                    new AgentRequest.RemoveIdentity(identity.Blob).Write(remove);
                    byte[]? answer = await upstream.AskAsync(remove.WrittenMemory, ct).ConfigureAwait(false);
                    done &= answer is not null && AgentResponse.TypeOf(answer) == AgentMessageType.SSH_AGENT_SUCCESS;
                }
            }

            if (!done)
            {
                failed.Add(upstream.Name);
            }
        }

        return failed;
    }

    /// <summary>Has the first other agent that can be reached take a key that cannot be held here.</summary>
    /// <param name="message">The whole request, constraints included.</param>
    /// <param name="refusal">Why it cannot be held here.</param>
    /// <param name="response">Takes the answer.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <returns>Why not, or <see langword="null"/> if it did and the answer is written.</returns>
    public async ValueTask<Refused?> AddAsync(
        ReadOnlyMemory<byte> message, Refused refusal, IBufferWriter<byte> response, CancellationToken ct)
    {
        foreach (UpstreamConnection upstream in _upstreams)
        {
            if (await upstream.AskAsync(message, ct).ConfigureAwait(false) is not { } answer)
            {
                continue;
            }

            if (AgentResponse.TypeOf(answer) != AgentMessageType.SSH_AGENT_SUCCESS)
            {
                return refusal with { Message = $"{refusal.Message} {upstream.Name} refused it too." };
            }

            response.Write(answer);
            _agent.Record("add", _peer, _bindings.IsForwarded, refusal.Use, $"The key is added to {upstream.Name}.");
            return null;
        }

        return refusal;
    }

    private async ValueTask<(UpstreamConnection Upstream, AgentIdentity Identity)?> FindAsync(
        KeyBlob key, CancellationToken ct)
    {
        foreach (UpstreamConnection upstream in _upstreams)
        {
            if (await upstream.FindAsync(key, ct).ConfigureAwait(false) is { } identity)
            {
                return (upstream, identity);
            }
        }

        return null;
    }

    private KeyPolicy PolicyOf(AgentIdentity identity) =>
        _agent.Options.PolicyOf(UpstreamConnection.FingerprintOf(identity.Blob), identity.Comment);

    private Refused? RefuseByRules(
        SignOperation rules, KeyPolicy policy, AgentRequest.SignRequest request, SignedPayload payload, string comment)
    {
        if (rules.RefuseByPolicy(policy, payload) is { } denied)
        {
            return new Refused(Refusal.PolicyDenied, $"{comment}: {denied}");
        }

        bool isSha1 = (request.Flags
                & (SignatureFlags.SSH_AGENT_RSA_SHA2_256 | SignatureFlags.SSH_AGENT_RSA_SHA2_512)) == 0
            && IsRsa(request.Key);
        return isSha1 && !policy.AllowRsaSha1
            ? new Refused(Refusal.AlgorithmNotAllowed,
                $"{comment} was to sign with SHA-1, which is forgeable; use a client that knows rsa-sha2-256")
            : _agent.Options.Audit?.Blocked is { } blocked ? new Refused(Refusal.NotAuditable, blocked) : null;
    }

    private static bool IsRsa(KeyBlob key)
    {
        try
        {
            return PublicKey.DecodeKeyOrCertificate(key) is RsaPublicKey;
        }
        catch (WireFormatException)
        {
            return false;
        }
    }

    private Refused? RefuseWhenLocked() =>
        _agent.Lock.IsLocked ? new Refused(Refusal.Locked, "the agent was locked meanwhile") : null;

    /// <summary>Passes a request on, and its answer back if it is the one that means success.</summary>
    private async ValueTask<Refused?> RelayAsync(
        UpstreamConnection upstream,
        ReadOnlyMemory<byte> message,
        AgentMessageType success,
        IBufferWriter<byte> response,
        CancellationToken ct)
    {
        byte[]? answer = await upstream.AskAsync(message, ct).ConfigureAwait(false);
        if (answer is null || AgentResponse.TypeOf(answer) != success)
        {
            string what = answer is null ? "cannot be reached" : "refused";
            return new Refused(Refusal.BackendFailed, $"{upstream.Name} {what}");
        }

        if (RefuseWhenLocked() is { } locked)
        {
            return locked;
        }

        response.Write(answer);
        return null;
    }
}
