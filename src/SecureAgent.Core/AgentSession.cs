using System.Buffers;
using System.Buffers.Binary;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>The agent as one connection sees it: bytes of a request in, bytes of its answer out. Requests of one
/// session are handled one after the other; sessions run side by side and hold no lock while a device or a person takes
/// time.</summary>
public sealed class AgentSession : IAgentSession
{
    /// <summary>Hashing more takes longer than signing.</summary>
    private const int MaxQuickBytes = 4096;

    private static readonly string[] Extensions = [SessionBind.ExtensionName];

    private readonly SshAgent _agent;
    private readonly SessionBindings _bindings = new();
    private readonly UpstreamConnection[] _upstreams;
    private bool _hasAsked;
    private bool _disposed;

    internal AgentSession(SshAgent agent, PeerInfo peer)
    {
        (_agent, Peer) = (agent, peer);
        _upstreams = agent.Upstreams.Count == 0
            ? []
            : [.. agent.Upstreams.Select(other => new UpstreamConnection(other.Upstream, other.State, agent.Time))];
    }

    /// <summary>Who is at the other end.</summary>
    public PeerInfo Peer { get; private set; }

    /// <summary>Whether requests may come from another host, through a forwarded connection. Once true it stays
    /// so.</summary>
    public bool IsForwarded => _bindings.IsForwarded;

    /// <inheritdoc/>
    /// <remarks>What waits for a device or a person does so without keeping a thread anyway.</remarks>
    public bool IsQuick(ReadOnlySequence<byte> request)
    {
        ReadOnlyMemory<byte> message = request.First;
        if (message.IsEmpty || request.Length > MaxQuickBytes || !request.IsSingleSegment)
        {
            return false;
        }

        const int KeyStart = 1 + sizeof(uint);
        return (AgentMessageType)message.Span[0] switch
        {
            AgentMessageType.SSH_AGENTC_REQUEST_IDENTITIES => true,
            AgentMessageType.SSH_AGENTC_SIGN_REQUEST => message.Length > KeyStart
                && BinaryPrimitives.ReadUInt32BigEndian(message.Span[1..]) is var length
                && length < message.Length - KeyStart
                && _agent.Identities.Current.ByBlob.TryGetValue(
                    new KeyBlob(message.Slice(KeyStart, (int)length)), out ListedKey? key)
                && key.IsQuick,
            _ => false,
        };
    }

    /// <inheritdoc/>
    /// <remarks>Whatever else goes wrong is answered SSH_AGENT_FAILURE or, for an extension that is known,
    /// SSH_AGENT_EXTENSION_FAILURE, and logged once; the connection goes on (RFC 9987, "generic responses").</remarks>
    public ValueTask HandleAsync(ReadOnlySequence<byte> request, IBufferWriter<byte> response, CancellationToken ct)
    {
        ReadOnlyMemory<byte> message = request.IsSingleSegment ? request.First : request.ToArray();
        if (_upstreams.Length == 0 && !message.IsEmpty
            && message.Span[0] == (byte)AgentMessageType.SSH_AGENTC_REQUEST_IDENTITIES)
        {
            _hasAsked = true;
            // Most requests are lists. They pass every gate and cannot fail, so that they need no machinery at all.
            List(response);
            return ValueTask.CompletedTask;
        }

        return AnswerAsync(message, response, ct);
    }

    /// <summary>Ends the session.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            foreach (UpstreamConnection upstream in _upstreams)
            {
                upstream.Dispose();
            }

            _agent.CloseSession();
        }
    }

    private UpstreamOperation Upstream => new(_agent, Peer, _bindings, _upstreams);

    private static bool IsBind(AgentRequest request) =>
        request is AgentRequest.Extension { Name: SessionBind.ExtensionName };

    private static bool IsQuery(AgentRequest request) =>
        request is AgentRequest.Extension { Name: AgentRequest.Extension.Query };

    private static bool IsClaim(AgentRequest request) =>
        request is AgentRequest.Extension { Name: ClaimedPeer.ExtensionName };

    private async ValueTask AnswerAsync(
        ReadOnlyMemory<byte> message, IBufferWriter<byte> response, CancellationToken ct)
    {
        bool isFirst = !_hasAsked;
        _hasAsked = true;
        bool isKnownExtension = false;
        Refused? refused;
        try
        {
            AgentRequest decoded = AgentRequest.Decode(message);
            refused = Gate(decoded);
            if (refused is null)
            {
                isKnownExtension = IsBind(decoded) || IsQuery(decoded);
                refused = IsClaim(decoded)
                    ? TakeClaim((AgentRequest.Extension)decoded, isFirst, response)
                    : await DispatchAsync(decoded, message, response, ct).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (WireFormatException exception)
        {
            refused = new Refused(Refusal.Malformed, exception.Message);
        }
        catch (BackendException exception)
        {
            refused = new Refused(Refusal.BackendFailed, exception.Message);
        }
#pragma warning disable CA1031 // A fault in one request must not end the agent: a forwarded host could cause it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            refused = new Refused(Refusal.InternalError, $"{exception.GetType().Name}: {exception.Message}");
        }

        if (refused is not null)
        {
            Fail(refused, message, isKnownExtension, response);
        }
    }

    /// <summary>The one gate. A list passes it always, and is empty while the agent is locked. A bind passes it always:
    /// if a locked agent ignored binds, connections forwarded meanwhile would count as local once it is unlocked
    /// (OpenSSH 6a57081dc). A claim passes it always, because it changes nothing but what is shown.</summary>
    private Refused? Gate(AgentRequest request)
    {
        if (IsBind(request) || IsClaim(request) || request is AgentRequest.RequestIdentities)
        {
            return null;
        }

        if (_bindings.IsForwarded && request is not AgentRequest.SignRequest && !IsGrantedToForwarded(request))
        {
            return new Refused(Refusal.Forwarded, "a forwarded connection may only list, sign and bind");
        }

        return _agent.Lock.IsLocked && request is not AgentRequest.Unlock
            ? new Refused(Refusal.Locked, "the agent is locked; unlock it with ssh-add -X")
            : null;
    }

    /// <summary>What the configuration allows a forwarded connection beyond the usual.</summary>
    private bool IsGrantedToForwarded(AgentRequest request) => request switch
    {
        AgentRequest.AddIdentity => _agent.Options.Forwarded.HasFlag(ForwardedRights.Add),
        AgentRequest.RemoveIdentity or AgentRequest.RemoveAllIdentities =>
            _agent.Options.Forwarded.HasFlag(ForwardedRights.Remove),
        AgentRequest.Lock or AgentRequest.Unlock => _agent.Options.Forwarded.HasFlag(ForwardedRights.Lock),
        AgentRequest.AddSmartcardKey or AgentRequest.RemoveSmartcardKey =>
            _agent.Options.Forwarded.HasFlag(ForwardedRights.Providers),
        _ => false,
    };

    private ValueTask<Refused?> DispatchAsync(
        AgentRequest request, ReadOnlyMemory<byte> message, IBufferWriter<byte> response, CancellationToken ct)
    {
        switch (request)
        {
            case AgentRequest.RequestIdentities:
                return ListWithUpstreamsAsync(response, ct);
            case AgentRequest.SignRequest sign:
                return SignAsync(sign, message, response, ct);
            case AgentRequest.RemoveIdentity remove:
                return RemoveAsync(remove.Key, message, response, ct);
            case AgentRequest.RemoveAllIdentities:
                return RemoveAllAsync(message, response, ct);
            case AgentRequest.Lock @lock:
                return LockAsync(@lock.Passphrase, response, ct);
            case AgentRequest.Unlock unlock:
                return UnlockAsync(unlock.Passphrase, response, ct);
            case AgentRequest.Extension extension when IsBind(extension):
                return BindAsync(extension.Contents, message, response, ct);
            case AgentRequest.Extension extension when IsQuery(extension):
                AgentResponse.WriteQueryResponse(response, Extensions);
                return default;
            case AgentRequest.Extension extension:
                return Refuse(Refusal.NotSupported, $"the extension {extension.Name} is not offered");
            case AgentRequest.AddIdentity add:
                return AddAsync(add, message, response, ct);
            case AgentRequest.AddSmartcardKey add:
                return AnswerAsync(new AddOperation(_agent, Peer, _bindings).AddTokenAsync(add, ct), response);
            case AgentRequest.RemoveSmartcardKey remove:
                return AnswerAsync(new AddOperation(_agent, Peer, _bindings).RemoveTokenAsync(remove, ct), response);
            default:
                return Refuse(Refusal.UnknownMessage, "no client message has that number");
        }
    }

    private static Refused? Answer(Refused? refused, IBufferWriter<byte> response)
    {
        if (refused is null)
        {
            AgentResponse.WriteSuccess(response);
        }

        return refused;
    }

    private static async ValueTask<Refused?> AnswerAsync(ValueTask<Refused?> operation, IBufferWriter<byte> response) =>
        Answer(await operation.ConfigureAwait(false), response);

    private void List(IBufferWriter<byte> response)
    {
        if (_agent.Lock.IsLocked)
        {
            AgentResponse.WriteIdentitiesHeader(response, 0);
            return;
        }

        IdentityTable.View view = _agent.Identities.Current;
        if (view.IsSeenByAll)
        {
            response.Write(view.ListAnswer);
            return;
        }

        IdentitiesAnswer answer = new();
        foreach (ListedKey key in Seen(view))
        {
            _ = answer.TryAdd(key.Identity.Blob, key.Identity.Comment);
        }

        answer.Write(response);
    }

    private async ValueTask<Refused?> ListWithUpstreamsAsync(IBufferWriter<byte> response, CancellationToken ct)
    {
        IdentitiesAnswer answer = new();
        if (!_agent.Lock.IsLocked)
        {
            // Our own stand for those of the same name elsewhere, seen or not: the other agent must not be a way around
            // our restrictions.
            IdentityTable.View view = _agent.Identities.Current;
            foreach (ListedKey key in Seen(view))
            {
                _ = answer.TryAdd(key.Identity.Blob, key.Identity.Comment);
            }

            await Upstream.ListAsync(answer, [.. view.ByBlob.Keys], ct).ConfigureAwait(false);
        }

        if (_agent.Lock.IsLocked)
        {
            answer = new IdentitiesAnswer();
        }

        answer.Write(response);
        return null;
    }

    private IEnumerable<ListedKey> Seen(IdentityTable.View view)
    {
        DateTimeOffset now = _agent.Now;
        return view.Keys.Where(key => key.IsSeenBy(Peer, _bindings, _agent.Options.HostNames, now));
    }

    private ValueTask<Refused?> SignAsync(
        AgentRequest.SignRequest request,
        ReadOnlyMemory<byte> message,
        IBufferWriter<byte> response,
        CancellationToken ct) =>
        _agent.Identities.Find(request.Key) is { } key
            ? new SignOperation(_agent, Peer, _bindings).RunAsync(key, request, response, ct)
            : Upstream.SignAsync(request, message, response, ct);

    private async ValueTask<Refused?> AddAsync(
        AgentRequest.AddIdentity request,
        ReadOnlyMemory<byte> message,
        IBufferWriter<byte> response,
        CancellationToken ct)
    {
        Refused? refused = Answer(new AddOperation(_agent, Peer, _bindings).AddKey(request), response);
        return refused is { Reason: Refusal.NotSupported or Refusal.ConstraintNotEnforced }
            ? await Upstream.AddAsync(message, refused, response, ct).ConfigureAwait(false)
            : refused;
    }

    private ValueTask<Refused?> RemoveAsync(
        KeyBlob blob, ReadOnlyMemory<byte> message, IBufferWriter<byte> response, CancellationToken ct)
    {
        if (!_agent.Identities.Current.ByBlob.TryGetValue(blob, out ListedKey? key))
        {
            return Upstream.RemoveAsync(blob, message, response, ct);
        }

        KeyUse use = new(key.Identity.PublicKey.Fingerprint) { KeyName = key.Identity.Comment };
        if (!key.IsSeenBy(Peer, _bindings, _agent.Options.HostNames, _agent.Now))
        {
            return new ValueTask<Refused?>(
                new Refused(Refusal.Constrained, "that key is not listed for this connection") { Use = use });
        }

        if (_agent.Identities.Remove(blob) is not { } identity)
        {
            return new ValueTask<Refused?>(new Refused(Refusal.UnknownKey, "it was removed just now") { Use = use });
        }

        AgentResponse.WriteSuccess(response);
        Record("remove", $"{identity.Comment} is not listed any more.", use);
        return default;
    }

    private async ValueTask<Refused?> RemoveAllAsync(
        ReadOnlyMemory<byte> message, IBufferWriter<byte> response, CancellationToken ct)
    {
        int count = _agent.RemoveAllKeys();
        IReadOnlyList<string> failed = await Upstream.RemoveAllAsync(message, ct).ConfigureAwait(false);
        if (failed.Count > 0)
        {
            return new Refused(Refusal.BackendFailed,
                $"{count} identities are not listed any more, but {string.Join(", ", failed)} kept keys");
        }

        AgentResponse.WriteSuccess(response);
        Record("remove-all", $"All {count} identities are not listed any more, and cached secrets are dropped.");
        return null;
    }

    private async ValueTask<Refused?> LockAsync(
        ReadOnlyMemory<byte> passphrase, IBufferWriter<byte> response, CancellationToken ct)
    {
        if (await _agent.LockAsync(passphrase, ct).ConfigureAwait(false) is { } reason)
        {
            return new Refused(Refusal.WrongPassphrase, reason);
        }

        AgentResponse.WriteSuccess(response);
        Record("lock", "The agent is locked.");
        return null;
    }

    private async ValueTask<Refused?> UnlockAsync(
        ReadOnlyMemory<byte> passphrase, IBufferWriter<byte> response, CancellationToken ct)
    {
        if (await _agent.Lock.UnlockAsync(passphrase, ct).ConfigureAwait(false) is { } reason)
        {
            return new Refused(Refusal.WrongPassphrase, reason);
        }

        AgentResponse.WriteSuccess(response);
        Record("unlock", "The agent is unlocked.");
        return null;
    }

    private async ValueTask<Refused?> BindAsync(
        ReadOnlyMemory<byte> contents,
        ReadOnlyMemory<byte> message,
        IBufferWriter<byte> response,
        CancellationToken ct)
    {
        string? reason;
        try
        {
            reason = _bindings.Bind(contents);
        }
        catch (WireFormatException exception)
        {
            reason = exception.Message;
        }

        foreach (UpstreamConnection upstream in _upstreams)
        {
            await upstream.BindAsync(message, ct).ConfigureAwait(false);
        }

        return Answer(reason is null ? null : new Refused(Refusal.BadBinding, reason), response);
    }

    /// <summary>A relay speaks first. Whoever uses it, or comes through a forwarded connection, comes too late to be
    /// taken for somebody else.</summary>
    private Refused? TakeClaim(AgentRequest.Extension claim, bool isFirst, IBufferWriter<byte> response)
    {
        if (!isFirst)
        {
            return new Refused(Refusal.NotSupported, $"{claim.Name} is only the first request of a connection");
        }

        Peer = Peer with { Claimed = ClaimedPeer.Decode(claim.Contents) };
        return Answer(refused: null, response);
    }

    private static ValueTask<Refused?> Refuse(Refusal reason, string message) => new(new Refused(reason, message));

    /// <summary>The one exit of every request that is not done: the wire learns only that, the log learns
    /// why.</summary>
    private void Fail(
        Refused refused, ReadOnlyMemory<byte> message, bool isKnownExtension, IBufferWriter<byte> response)
    {
        if (isKnownExtension)
        {
            AgentResponse.WriteExtensionFailure(response);
        }
        else
        {
            AgentResponse.WriteFailure(response);
        }

        AgentMessageType type = message.IsEmpty ? AgentMessageType.None : (AgentMessageType)message.Span[0];
        _agent.RecordRefusal(
            ActionOf(type), Peer, _bindings.IsForwarded, refused, $"{type} refused: {refused.Message}");
    }

    private void Record(string action, string message, KeyUse? use = null) =>
        _agent.Record(action, Peer, _bindings.IsForwarded, use, message);

    private static string ActionOf(AgentMessageType type) => type switch
    {
        AgentMessageType.SSH_AGENTC_SIGN_REQUEST => "sign",
        AgentMessageType.SSH_AGENTC_ADD_IDENTITY or AgentMessageType.SSH_AGENTC_ADD_ID_CONSTRAINED => "add",
        AgentMessageType.SSH_AGENTC_REMOVE_IDENTITY => "remove",
        AgentMessageType.SSH_AGENTC_REMOVE_ALL_IDENTITIES
            or AgentMessageType.SSH_AGENTC_REMOVE_ALL_RSA_IDENTITIES => "remove-all",
        AgentMessageType.SSH_AGENTC_ADD_SMARTCARD_KEY
            or AgentMessageType.SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED => "add-token",
        AgentMessageType.SSH_AGENTC_REMOVE_SMARTCARD_KEY => "remove-token",
        AgentMessageType.SSH_AGENTC_LOCK => "lock",
        AgentMessageType.SSH_AGENTC_UNLOCK => "unlock",
        AgentMessageType.SSH_AGENTC_EXTENSION => "extension",
        _ => "unknown",
    };
}
