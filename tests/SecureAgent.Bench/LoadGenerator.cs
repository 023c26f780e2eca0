using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace SecureAgent.Bench;

/// <summary>Keeps a number of connections busy, one request under way on each, from one thread that makes as few calls
/// as can be: on the machine that it shares with the agent, every other one would be counted as the
/// agent's.</summary>
internal sealed unsafe class LoadGenerator : IDisposable
{
    private const byte SSH_AGENT_FAILURE = 5;
    private const int AnswerSizeBytes = 16 * 1024;
    private const int PrefixSizeBytes = sizeof(uint);
    private const int EventsPerWait = 512;
    private const int PathOffset = sizeof(ushort);
    private const int AddressSizeBytes = 110;

    // struct epoll_event is packed on x86-64 and nowhere else; its data are the last 8 bytes.
    private static readonly int EventSizeBytes =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly string _path;
    private readonly byte[] _request;
    private readonly Slot[] _slots;
    private readonly bool _reconnects;
    private readonly byte* _answer = (byte*)NativeMemory.Alloc(AnswerSizeBytes);
    private readonly byte* _events = (byte*)NativeMemory.Alloc((nuint)(EventsPerWait * EventSizeBytes));
    private readonly int _epoll = Check(Libc.EpollCreate(0));
    private LatencyHistogram _times = new();
    private long _answers;

    private LoadGenerator(string path, byte[] request, int connections, bool reconnects)
    {
        (_path, _request, _slots, _reconnects) = (path, request, new Slot[connections], reconnects);
        for (int i = 0; i < connections; i++)
        {
            Connect(i);
            Send(i);
        }
    }

    /// <summary>Runs the load for <paramref name="length"/>, after a tenth of it that is not counted.</summary>
    /// <param name="path">The agent's socket.</param>
    /// <param name="request">The whole frame that is sent again and again.</param>
    /// <param name="connections">How many.</param>
    /// <param name="reconnects">Whether every request gets a new connection.</param>
    /// <param name="length">How long to count.</param>
    /// <exception cref="IOException">The agent refused a request or closed a connection.</exception>
    public static Load Run(string path, byte[] request, int connections, bool reconnects, TimeSpan length)
    {
        using LoadGenerator generator = new(path, request, connections, reconnects);
        generator.RunFor(length / 10, long.MaxValue);
        generator._answers = 0;
        generator._times = new LatencyHistogram();
        TimeSpan took = generator.RunFor(length, long.MaxValue);
        return new Load(generator._answers / took.TotalSeconds, generator._times.Quantile(0.99));
    }

    /// <summary>Runs the load until <paramref name="answers"/> have come.</summary>
    /// <exception cref="IOException">The agent refused a request or closed a connection.</exception>
    public static void Run(string path, byte[] request, int connections, bool reconnects, long answers)
    {
        using LoadGenerator generator = new(path, request, connections, reconnects);
        generator.RunFor(TimeSpan.MaxValue, answers);
    }

    public void Dispose()
    {
        foreach (Slot slot in _slots.Where(slot => slot.Descriptor > 0))
        {
            _ = Libc.Close(slot.Descriptor);
        }

        _ = Libc.Close(_epoll);
        NativeMemory.Free(_answer);
        NativeMemory.Free(_events);
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception();

    private TimeSpan RunFor(TimeSpan length, long answers)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan passed;
        do
        {
            if (_slots.Length == 1)
            {
                // Nothing to choose from: the receive itself waits.
                Turn(0);
            }
            else
            {
                int ready = Libc.EpollWait(_epoll, _events, EventsPerWait, -1);
                for (int i = 0; i < ready; i++)
                {
                    Turn(*(int*)(_events + (i * EventSizeBytes) + EventSizeBytes - sizeof(long)));
                }
            }

            passed = Stopwatch.GetElapsedTime(start);
        }
        while (passed < length && _answers < answers);
        return passed;
    }

    /// <summary>Takes what has arrived; if that completes the answer, asks again.</summary>
    private void Turn(int index)
    {
        ref Slot slot = ref _slots[index];
        // An answer's first piece holds its length and its type, as every agent writes it; its last is dropped.
        nint received = Libc.Receive(slot.Descriptor, _answer, AnswerSizeBytes, 0);
        if (received <= 0)
        {
            throw new IOException("The agent closed the connection.");
        }

        if (slot.Left == 0)
        {
            slot.Left = ReadSize((int)received);
        }

        slot.Left -= (int)received;
        if (slot.Left > 0)
        {
            return;
        }

        _times.Add(Stopwatch.GetTimestamp() - slot.Asked);
        _answers++;
        if (_reconnects)
        {
            _ = Libc.Close(slot.Descriptor);
            Connect(index);
        }

        Send(index);
    }

    private int ReadSize(int received)
    {
        ReadOnlySpan<byte> start = new(_answer, received);
        if (received <= PrefixSizeBytes || start[PrefixSizeBytes] == SSH_AGENT_FAILURE)
        {
            throw new IOException("The agent answered SSH_AGENT_FAILURE, or its length in a piece of its own.");
        }

        return PrefixSizeBytes + BinaryPrimitives.ReadInt32BigEndian(start);
    }

    private void Send(int index)
    {
        ref Slot slot = ref _slots[index];
        if (!_reconnects)
        {
            slot.Asked = Stopwatch.GetTimestamp();
        }

        fixed (byte* request = _request)
        {
            if (Libc.Send(slot.Descriptor, request, (nuint)_request.Length, Libc.MSG_NOSIGNAL) != _request.Length)
            {
                throw new IOException("The agent closed the connection.");
            }
        }
    }

    private void Connect(int index)
    {
        ref Slot slot = ref _slots[index];
        slot.Asked = Stopwatch.GetTimestamp();
        slot.Descriptor = Check(Libc.CreateSocket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0));
        Span<byte> address = stackalloc byte[AddressSizeBytes];
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)Libc.AF_UNIX);
        Encoding.UTF8.GetBytes(_path, address[PathOffset..]);
        fixed (byte* pointer = address)
        {
            Check(Libc.Connect(slot.Descriptor, pointer, AddressSizeBytes));
        }

        if (_slots.Length > 1)
        {
            byte* change = stackalloc byte[EventSizeBytes];
            new Span<byte>(change, EventSizeBytes).Clear();
            *(uint*)change = Libc.EPOLLIN;
            *(int*)(change + EventSizeBytes - sizeof(long)) = index;
            Check(Libc.EpollControl(_epoll, Libc.EPOLL_CTL_ADD, slot.Descriptor, change));
        }
    }

    private struct Slot
    {
        public int Descriptor;
        public int Left;
        public long Asked;
    }
}
