using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>The way of one client connection to one other agent: a connection of its own, so that what the client binds
/// holds there for this client and for nobody else. It is made when it is needed, and made again, with the same binds,
/// when it was lost.</summary>
internal sealed class UpstreamConnection : IDisposable
{
    /// <summary>How long a list waits for it. A signature may wait for a person, and has no limit.</summary>
    private static readonly TimeSpan ListPatience = TimeSpan.FromSeconds(2);

    private readonly Upstream _upstream;
    private readonly UpstreamState _state;
    private readonly TimeProvider _time;
    private readonly List<byte[]> _binds = [];
    private IReadOnlyList<AgentIdentity>? _listed;
    private Stream? _stream;

    /// <summary>Creates it; it is connected when it is needed.</summary>
    /// <param name="upstream">The agent, and the way there for this client.</param>
    /// <param name="state">What all connections to that agent share.</param>
    /// <param name="time">The clock of the patience with it.</param>
    public UpstreamConnection(Upstream upstream, UpstreamState state, TimeProvider time) =>
        (_upstream, _state, _time) = (upstream, state, time);

    /// <summary>How the user named it.</summary>
    public string Name => _upstream.Name;

    /// <summary>Whether all its keys are offered.</summary>
    public bool OffersAll => _upstream.Filter is null;

    /// <summary>Tells it what the client has bound, byte for byte; also what was refused here, because it then knows as
    /// little of the session as we do.</summary>
    /// <param name="message">The whole request.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    public async ValueTask BindAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        byte[] copy = message.ToArray();
        if (_stream is { } stream)
        {
            try
            {
                await AgentExchange.AskAsync(stream, copy, ct).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or WireFormatException)
            {
                Close(); // It gets all binds when it is back.
            }
            catch (OperationCanceledException)
            {
                Close();
                throw;
            }
        }

        Keep(copy);
    }

    /// <summary>As <see cref="BindAsync"/>, for a client that is to get the other agent's own answer.</summary>
    /// <returns>The answer; <see langword="null"/> if it cannot be reached.</returns>
    public async ValueTask<byte[]?> AskBindAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        byte[] copy = message.ToArray();
        byte[]? answer = await AskAsync(copy, ct).ConfigureAwait(false);
        Keep(copy);
        return answer;
    }

    /// <summary>The keys that it offers to this client.</summary>
    /// <returns>None if it does not answer in time.</returns>
    public async ValueTask<IReadOnlyList<AgentIdentity>> ListAsync(CancellationToken ct)
    {
        using CancellationTokenSource patience = new(ListPatience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            byte[]? answer = await AskAsync(new byte[] { (byte)AgentMessageType.SSH_AGENTC_REQUEST_IDENTITIES },
                either.Token).ConfigureAwait(false);
            if (answer is not null)
            {
                return _listed = [.. AgentResponse.DecodeIdentities(answer).Where(IsOffered)];
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            _state.Lost($"no list within {ListPatience.TotalSeconds:0} s");
        }
        catch (WireFormatException exception)
        {
            _state.Lost(exception.Message);
        }

        return _listed = [];
    }

    /// <summary>The key that it offers under <paramref name="blob"/>, or <see langword="null"/>.</summary>
    public async ValueTask<AgentIdentity?> FindAsync(KeyBlob blob, CancellationToken ct)
    {
        // Clients list before they sign. One that does not, or a key that is new, costs a list.
        foreach (AgentIdentity identity in _listed ?? [])
        {
            if (identity.Blob == blob)
            {
                return identity;
            }
        }

        foreach (AgentIdentity identity in await ListAsync(ct).ConfigureAwait(false))
        {
            if (identity.Blob == blob)
            {
                return identity;
            }
        }

        return null;
    }

    /// <summary>Passes a request on, byte for byte.</summary>
    /// <returns>The answer; <see langword="null"/> if it cannot be reached.</returns>
    public async ValueTask<byte[]?> AskAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        bool mayBeStale = _stream is not null;
        while (true)
        {
            try
            {
                byte[] answer = await AgentExchange.AskAsync(
                    await OpenAsync(ct).ConfigureAwait(false), message, ct).ConfigureAwait(false);
                _state.Found();
                return answer;
            }
            catch (IOException) when (mayBeStale)
            {
                // It ended meanwhile and may be back: once more, on a new connection.
                Close();
                mayBeStale = false;
            }
            catch (Exception exception) when (exception is IOException or ChannelException or WireFormatException)
            {
                Close();
                _state.Lost(exception.Message);
                return null;
            }
            catch (OperationCanceledException)
            {
                // The answer may still come, and would be taken for that of the next request.
                Close();
                throw;
            }
        }
    }

    public void Dispose() => Close();

    private void Keep(byte[] bind)
    {
        // One more than the other agent keeps is enough for it to refuse as it would.
        if (_binds.Count <= WireLimits.MaxSessionBinds)
        {
            _binds.Add(bind);
        }
    }

    private bool IsOffered(AgentIdentity identity)
    {
        if (_upstream.Filter is not { } filter)
        {
            return true;
        }

        string fingerprint = FingerprintOf(identity.Blob);
        bool Names(string pattern) => pattern == fingerprint || WildcardPattern.Matches(pattern, identity.Comment);
        bool anyPositive = filter.Any(pattern => !pattern.StartsWith('!'));
        return !filter.Any(pattern => pattern.StartsWith('!') && Names(pattern[1..]))
            && (!anyPositive || filter.Any(pattern => !pattern.StartsWith('!') && Names(pattern)));
    }

    /// <summary>As OpenSSH shows it: of a certificate, that of its key. Types that are not known here have that of
    /// their blob.</summary>
    internal static string FingerprintOf(KeyBlob blob)
    {
        try
        {
            return PublicKey.DecodeKeyOrCertificate(blob).Fingerprint;
        }
        catch (WireFormatException)
        {
            return PublicKey.FingerprintOf(blob);
        }
    }

    private async ValueTask<Stream> OpenAsync(CancellationToken ct)
    {
        if (_stream is not null)
        {
            return _stream;
        }

        Stream stream = await _upstream.Dialer.ConnectAsync(ct).ConfigureAwait(false);
        try
        {
            foreach (byte[] bind in _binds)
            {
                await AgentExchange.AskAsync(stream, bind, ct).ConfigureAwait(false);
            }
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return _stream = stream;
    }

    private void Close()
    {
        _stream?.Dispose();
        _stream = null;
    }
}
