namespace SecureAgent.Core;

/// <summary>Everything that one device does, one job after the other in the order of arrival, on a thread of its own.
/// A device blocks for as long as a person takes to touch it; a pool thread or a lock would make every other client
/// wait with it. The thread starts with the first job and sleeps without a timer while there is none.</summary>
#pragma warning disable CA1711 // It is a queue of jobs, if no collection.
public sealed class DeviceQueue : IAsyncDisposable
#pragma warning restore CA1711
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly LinkedList<Task> _waiting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _worker;
    private bool _closed;

    /// <summary>Creates the queue of one device.</summary>
    /// <param name="name">The device, as the name of its thread.</param>
    /// <param name="time">The clock of <see cref="DisposeAsync"/>.</param>
    public DeviceQueue(string name, TimeProvider time) => (_name, _time) = (name, time);

    /// <summary>How many jobs wait for their turn.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Runs <paramref name="job"/> after everything that was queued before it.</summary>
    /// <param name="job">May block. Its token is cancelled with <paramref name="ct"/> and when the queue is
    /// disposed.</param>
    /// <param name="ct">Cancelled while the job waits: it leaves the queue at once and never runs. Cancelled while it
    /// runs: the job decides, and the task ends when the job has ended, so that nothing it uses is freed under
    /// it.</param>
    /// <returns>What the job returned or threw; continuations never run on the device's thread.</returns>
    /// <exception cref="ObjectDisposedException">The queue has been disposed.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, T> job, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(job);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stopping.Token);
        CancellationToken token = either.Token;
        Task<T> task = new(() => job(token), token, TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<Task> place = Enqueue(task);
        CancellationTokenRegistration leaving = token.UnsafeRegister(_ => Leave(place), null);
        await using (leaving.ConfigureAwait(false))
        {
            return await task.ConfigureAwait(false);
        }
    }

    /// <summary>Cancels what waits and what runs, and returns when the device's thread has ended; a device that hangs
    /// is given 5 seconds and then left to itself.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            Monitor.Pulse(_gate);
            if (_worker is null)
            {
                _ended.SetResult();
            }
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        Task ended = _ended.Task;
        await Task.WhenAny(ended, Task.Delay(StopPatience, _time)).ConfigureAwait(false);
        if (ended.IsCompleted)
        {
            _stopping.Dispose();
        }
    }

    private LinkedListNode<Task> Enqueue(Task task)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            LinkedListNode<Task> place = _waiting.AddLast(task);
            if (_worker is null)
            {
                _worker = new Thread(Work) { IsBackground = true, Name = _name };
                _worker.Start();
            }

            Monitor.Pulse(_gate);
            return place;
        }
    }

    private void Leave(LinkedListNode<Task> place)
    {
        lock (_gate)
        {
            if (place.List is not null)
            {
                _waiting.Remove(place);
            }
        }
    }

    private void Work()
    {
        while (Next() is { } task)
        {
            try
            {
                task.RunSynchronously(TaskScheduler.Default);
            }
            catch (InvalidOperationException) when (task.IsCanceled)
            {
                // Cancelled between leaving the queue and starting; whoever waited has been told.
            }
        }

        _ended.SetResult();
    }

    private Task? Next()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            if (_waiting.First is not { } first)
            {
                return null;
            }

            _waiting.RemoveFirst();
            return first.Value;
        }
    }
}
