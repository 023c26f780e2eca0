using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>One thread that waits for all descriptors of a channel (epoll(7)) and tells each when it is ready. What it
/// calls must not block or compute: everybody else waits meanwhile.</summary>
/// <remarks>The platform's own sockets hand every event to a pool thread, which costs more than answering a list, and
/// lists wait behind signatures there.</remarks>
internal sealed class EpollLoop : IDisposable
{
    private const int EventsPerWait = 256;

    /// <summary>How many times it sleeps at once after it looked in vain: on a busy machine looking only keeps the
    /// processor from the client.</summary>
    private const int SleepsAfterVain = 32;

    /// <summary>How long it looks for the next event before it sleeps: a client that asks again at once is answered
    /// without waking a sleeper.</summary>
    private static readonly TimeSpan Attention = TimeSpan.FromMicroseconds(250);

    // struct epoll_event { uint32_t events; epoll_data_t data; } is packed on x86-64 and nowhere else. The data here are
    // the descriptor and 4 bytes of nothing.
    private static readonly int EventSizeBytes =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly object _gate = new();
    private readonly ConcurrentQueue<Action> _actions = new();
    private readonly int _epoll;
    private readonly int _wake;
    private IReadinessTarget?[] _targets = new IReadinessTarget?[64]; // By descriptor.
    private bool _stopping;
    private int _sleeps;

    /// <summary>Creates the loop; <see cref="Start"/> runs it.</summary>
    /// <exception cref="IOException">The system has no descriptor left.</exception>
    public EpollLoop()
    {
        _epoll = Check(Libc.CreateEpoll(Libc.EPOLL_CLOEXEC));
        _wake = Check(Libc.CreateEvent(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK));
        Add(_wake, Libc.EPOLLIN, new Waker(this));
    }

    /// <summary>Starts the thread.</summary>
    /// <param name="name">Its name.</param>
    public void Start(string name) => new Thread(Run) { IsBackground = true, Name = name }.Start();

    /// <summary>Tells <paramref name="target"/> whenever <paramref name="descriptor"/> is ready. Closing the descriptor
    /// ends that; an event that was under way may then reach whoever owns the number next.</summary>
    /// <param name="descriptor">Not blocking.</param>
    /// <param name="events">EPOLLIN and others (epoll_ctl(2)).</param>
    /// <param name="target">Called on the loop's thread.</param>
    /// <exception cref="IOException">The system refused.</exception>
    public void Add(int descriptor, uint events, IReadinessTarget target)
    {
        lock (_gate)
        {
            if (descriptor >= _targets.Length)
            {
                IReadinessTarget?[] larger = new IReadinessTarget?[Math.Max(descriptor + 1, _targets.Length * 2)];
                _targets.CopyTo(larger, 0);
                Volatile.Write(ref _targets, larger);
            }

            _targets[descriptor] = target;
        }

        Control(Libc.EPOLL_CTL_ADD, descriptor, events);
    }

    /// <summary>Changes what is waited for.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public void Change(int descriptor, uint events) => Control(Libc.EPOLL_CTL_MOD, descriptor, events);

    /// <summary>Ends telling. The descriptor is open still.</summary>
    public void Remove(int descriptor)
    {
        lock (_gate)
        {
            _targets[descriptor] = null;
        }
    }

    /// <summary>Calls <paramref name="action"/> on the loop's thread.</summary>
    public void Invoke(Action action)
    {
        _actions.Enqueue(action);
        _ = Libc.WriteEvent(_wake, 1);
    }

    /// <summary>Ends the thread, which closes what the loop owns.</summary>
    public void Dispose() => Invoke(() => _stopping = true);

    private static int Check(int result) =>
        result >= 0 ? result : throw new IOException(Marshal.GetLastPInvokeErrorMessage());

    private void Control(int operation, int descriptor, uint events)
    {
        Span<byte> change = stackalloc byte[EventSizeBytes];
        change.Clear();
        MemoryMarshal.Write(change, in events);
        MemoryMarshal.Write(change[(EventSizeBytes - sizeof(ulong))..], in descriptor);
        Check(Libc.ControlEpoll(_epoll, operation, descriptor, change));
    }

    private void Run()
    {
        Span<byte> events = GC.AllocateArray<byte>(EventsPerWait * EventSizeBytes, pinned: true);
        while (!_stopping)
        {
            int count = Wait(events);
            for (int i = 0; i < count; i++)
            {
                Span<byte> one = events.Slice(i * EventSizeBytes, EventSizeBytes);
                int descriptor = MemoryMarshal.Read<int>(one[(EventSizeBytes - sizeof(ulong))..]);
                Volatile.Read(ref _targets)[descriptor]?.OnReady(MemoryMarshal.Read<uint>(one));
            }
        }

        _ = Libc.Close(_epoll);
        _ = Libc.Close(_wake);
    }

    private int Wait(Span<byte> events)
    {
        if (_sleeps > 0)
        {
            _sleeps--;
            return Sleep(events);
        }

        long start = Stopwatch.GetTimestamp();
        do
        {
            if (Libc.WaitEpoll(_epoll, events, EventsPerWait, 0) is > 0 and int count)
            {
                return count;
            }
        }
        while (Stopwatch.GetElapsedTime(start) < Attention);
        _sleeps = SleepsAfterVain;
        return Sleep(events);
    }

    private int Sleep(Span<byte> events) => Libc.WaitEpoll(_epoll, events, EventsPerWait, Timeout.Infinite);

    private sealed class Waker(EpollLoop loop) : IReadinessTarget
    {
        public void OnReady(uint events)
        {
            _ = Libc.ReadEvent(loop._wake, out _);
            while (loop._actions.TryDequeue(out Action? action))
            {
                action();
            }
        }
    }
}
