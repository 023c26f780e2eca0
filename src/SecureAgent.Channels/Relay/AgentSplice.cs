namespace SecureAgent.Channels.Relay;

/// <summary>Joins a client's two streams to one agent connection, byte for byte. The agent's end is the end. The
/// client's end, which only says that it asks nothing more, is the end once every whole request has its answer: not
/// every way to an agent can pass a half-close on, and an agent that sees one may drop the answer that it works
/// on.</summary>
public sealed class AgentSplice
{
    private const int PieceSizeBytes = 16 * 1024;

    private readonly object _gate = new();
    private readonly FrameCounter _requests = new();
    private readonly FrameCounter _answers = new();
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly Stream _agent;
    private bool _inputEnded;

    private AgentSplice(Stream input, Stream output, Stream agent) =>
        (_input, _output, _agent) = (input, output, agent);

    /// <summary>Passes bytes until one of them ends; each piece is flushed at once.</summary>
    /// <param name="input">What the client sends; its reads can be cancelled.</param>
    /// <param name="output">What the client gets.</param>
    /// <param name="agent">The connection to the agent. None of the three is disposed here.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public static async Task RunAsync(Stream input, Stream output, Stream agent, CancellationToken ct)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        AgentSplice splice = new(input, output, agent);
        Task requests = splice.PassRequestsAsync(ending.Token);
        Task answers = splice.PassAnswersAsync(ending.Token);
        await Task.WhenAny(answers, splice._answered.Task).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(requests, answers).ConfigureAwait(false);
        ct.ThrowIfCancellationRequested();
    }

    private Task PassRequestsAsync(CancellationToken ct) => PassAsync(
        _input,
        _agent,
        piece => Count(_requests, piece),
        _ => { },
        inputEnded: () =>
        {
            lock (_gate)
            {
                _inputEnded = true;
                EndIfAnswered();
            }
        },
        ct);

    private Task PassAnswersAsync(CancellationToken ct) =>
        PassAsync(_agent, _output, _ => { }, piece => Count(_answers, piece), inputEnded: () => { }, ct);

    /// <summary>Requests count before they are sent and answers after, so that there is never an answer too
    /// many.</summary>
    private void Count(FrameCounter frames, ReadOnlyMemory<byte> piece)
    {
        lock (_gate)
        {
            frames.Add(piece.Span);
            EndIfAnswered();
        }
    }

    private void EndIfAnswered()
    {
        if (_inputEnded && (_requests.IsBroken || _answers.Frames >= _requests.Frames))
        {
            _answered.TrySetResult();
        }
    }

    private static async Task PassAsync(
        Stream from,
        Stream to,
        Action<ReadOnlyMemory<byte>> before,
        Action<ReadOnlyMemory<byte>> after,
        Action inputEnded,
        CancellationToken ct)
    {
        byte[] buffer = PinnedPool.Rent(PieceSizeBytes);
        try
        {
            int count;
            while ((count = await ReadAsync(from, buffer, ct).ConfigureAwait(false)) > 0)
            {
                ReadOnlyMemory<byte> piece = buffer.AsMemory(0, count);
                before(piece);
                await to.WriteAsync(piece, ct).ConfigureAwait(false);
                await to.FlushAsync(ct).ConfigureAwait(false);
                after(piece);
            }

            inputEnded();
        }
        catch (IOException)
        {
            // Nobody takes it any more: the agent has ended, which reading from it shows too, or the client has, and
            // then the answers have nowhere to go.
        }
        catch (OperationCanceledException)
        {
            // The other direction has ended.
        }
        finally
        {
            PinnedPool.Return(buffer);
        }
    }

    /// <summary>A broken stream has ended.</summary>
    private static async ValueTask<int> ReadAsync(Stream from, Memory<byte> buffer, CancellationToken ct)
    {
        try
        {
            return await from.ReadAsync(buffer, ct).ConfigureAwait(false);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
