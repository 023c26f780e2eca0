using System.Buffers;
using System.Buffers.Binary;
using SecureAgent.Channels;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels;

public sealed class StreamConnectionTests
{
    private const int Max = 262144;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_split_of_pipelined_frames_gives_the_same_answers_in_order()
    {
        byte[] input = [.. Frame(1, 2, 3), .. Frame(4), .. Frame(5, 6)];
        byte[] expected = [.. Frame(1, 2, 3, 99), .. Frame(4, 99), .. Frame(5, 6, 99)];
        for (int first = 0; first <= input.Length; first++)
        {
            for (int second = first; second <= input.Length; second++)
            {
                await using ScriptedStream stream = new();
                Task serving = Serve(stream, EchoAsync);
                stream.Send(input[..first]);
                stream.Send(input[first..second]);
                stream.Send(input[second..]);
                Assert.Equal(expected, await stream.OutputAsync(expected.Length));
                stream.Leave();
                await serving.WaitAsync(Patience, Test);
            }
        }
    }

    [Fact]
    public async Task One_byte_at_a_time_is_a_frame_in_the_end()
    {
        await using ScriptedStream stream = new();
        Task serving = Serve(stream, EchoAsync);
        byte[] body = new byte[3000];
        new Random(1).NextBytes(body);
        foreach (byte value in Frame(body))
        {
            stream.Send(value);
        }

        Assert.Equal(Frame([.. body, 99]), await stream.OutputAsync(body.Length + 5));
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1020)]
    [InlineData(1021)]
    [InlineData(65536)]
    [InlineData(Max - 1)]
    [InlineData(Max)]
    public async Task Frame_of_every_allowed_size_is_answered(int size)
    {
        await using ScriptedStream stream = new();
        Task serving = Serve(stream, EchoAsync);
        byte[] body = new byte[size];
        new Random(size).NextBytes(body);
        byte[] expected = [.. Frame([.. body, 99]), .. Frame(7, 99)];
        stream.Send([.. Frame(body), .. Frame(7)]);
        Assert.Equal(expected, await stream.OutputAsync(expected.Length));
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(Max + 1u)]
    [InlineData(0x80000000u)]
    [InlineData(0xFFFFFFFFu)]
    public async Task Impossible_length_closes_and_what_came_before_is_answered(uint length)
    {
        await using ScriptedStream stream = new();
        byte[] prefix = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(prefix, length);
        stream.Send([.. Frame(1), .. prefix, .. Frame(2)]);
        await Serve(stream, EchoAsync).WaitAsync(Patience, Test);
        Assert.Equal(Frame(1, 99), stream.Output);
    }

    [Fact]
    public async Task Claimed_length_costs_no_memory_before_the_bytes_arrive()
    {
        // Warm-up, so that only the connections themselves count.
        await ClaimAsync();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < 20; i++)
        {
            await ClaimAsync();
        }

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 20 * Max / 4);

        async Task ClaimAsync()
        {
            await using ScriptedStream stream = new();
            Task serving = Serve(stream, EchoAsync);
            stream.Send(0, 4, 0, 0, 1);
            stream.Leave();
            await serving.WaitAsync(Patience, Test);
        }
    }

    [Fact]
    public async Task Frame_that_stays_incomplete_for_ten_seconds_closes()
    {
        await using ScriptedStream stream = new();
        Task serving = Serve(stream, EchoAsync);
        stream.Send(0, 0, 0, 5, 1);
        await ArmedAsync();
        for (int second = 0; second < 9; second++)
        {
            // Trickling does not help: the age of the frame counts.
            _time.Advance(TimeSpan.FromSeconds(1));
            int reads = stream.Reads;
            if (second < 3)
            {
                stream.Send(1);
                await ReadAgainAsync(stream, reads);
            }
        }

        Assert.False(serving.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await serving.WaitAsync(Patience, Test);
        Assert.Empty(stream.Output);
    }

    [Fact]
    public async Task Idle_connection_lives_for_ever_and_needs_no_timer()
    {
        await using ScriptedStream stream = new();
        Task serving = Serve(stream, EchoAsync);
        for (int i = 0; i < 3; i++)
        {
            // In two pieces, as OpenSSH writes it, so that the deadline has begun.
            int reads = stream.Reads;
            stream.Send(0, 0, 0, 1);
            await ReadAgainAsync(stream, reads);
            stream.Send(9);
            Assert.Equal((i + 1) * 6, (await stream.OutputAsync((i + 1) * 6)).Length);
            _time.Advance(TimeSpan.FromDays(1));
            Assert.Equal(0, _time.Armed);
        }

        Assert.False(serving.IsCompleted);
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Deadline_counts_from_the_latest_frame_not_from_an_earlier_one()
    {
        await using ScriptedStream stream = new();
        Task serving = Serve(stream, EchoAsync);
        int reads = stream.Reads;
        stream.Send(0, 0, 0, 1);
        await ReadAgainAsync(stream, reads);
        stream.Send(9);
        await stream.OutputAsync(6);
        _time.Advance(TimeSpan.FromSeconds(8));
        reads = stream.Reads;
        stream.Send(0);
        await ReadAgainAsync(stream, reads);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(serving.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Slow_answer_is_not_a_slow_client()
    {
        await using ScriptedStream stream = new();
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task serving = Serve(stream, async (request, response, ct) =>
        {
            await answer.Task.WaitAsync(ct);
            await EchoAsync(request, response, ct);
        });
        // The second frame is only half there while the first is answered; its time begins afterwards.
        stream.Send([.. Frame(1), 0, 0]);
        _time.Advance(TimeSpan.FromHours(1));
        answer.SetResult();
        await stream.OutputAsync(6);
        stream.Send(0, 1, 2);
        Assert.Equal((byte[])[.. Frame(1, 99), .. Frame(2, 99)], await stream.OutputAsync(12));
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Client_that_leaves_cancels_the_request_it_waited_for()
    {
        await using ScriptedStream stream = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task serving = Serve(stream, async (_, _, ct) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
        });
        stream.Send(Frame(1));
        await begun.Task.WaitAsync(Patience, Test);
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
        Assert.Empty(stream.Output);
    }

    [Fact]
    public async Task Client_that_pipelines_and_then_leaves_cancels_too()
    {
        await using ScriptedStream stream = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task serving = Serve(stream, async (_, _, ct) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
        });
        stream.Send(Frame(1));
        await begun.Task.WaitAsync(Patience, Test);
        stream.Send(Frame(2));
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Requests_sent_during_a_slow_answer_are_answered_after_it_in_order()
    {
        await using ScriptedStream stream = new();
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool first = true;
        Task serving = Serve(stream, async (request, response, ct) =>
        {
            if (first)
            {
                first = false;
                await answer.Task.WaitAsync(ct);
            }

            await EchoAsync(request, response, ct);
        });
        byte[] large = new byte[20_000];
        new Random(1).NextBytes(large);
        byte[] expected = [.. Frame(1, 99), .. Frame(2, 99), .. Frame([.. large, 99]), .. Frame(3, 99)];
        stream.Send([.. Frame(1), .. Frame(2)[..3]]);
        stream.Send(Frame(2)[3..]);
        stream.Send(Frame(large));
        stream.Send(Frame(3));
        answer.SetResult();
        Assert.Equal(expected, await stream.OutputAsync(expected.Length));
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Request_sent_during_a_slow_answer_is_answered_though_nothing_follows_it()
    {
        await using ScriptedStream stream = new();
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task serving = Serve(stream, async (request, response, ct) =>
        {
            await answer.Task.WaitAsync(ct);
            await EchoAsync(request, response, ct);
        });
        stream.Send(Frame(1));
        stream.Send(Frame(2));
        Assert.True(SpinWait.SpinUntil(() => stream.Reads == 3, Patience)); // Frame 2 is taken, and more awaited.
        answer.SetResult();
        byte[] expected = [.. Frame(1, 99), .. Frame(2, 99)];
        Assert.Equal(expected, await stream.OutputAsync(expected.Length));
        stream.Send(Frame(3));
        expected = [.. expected, .. Frame(3, 99)];
        Assert.Equal(expected, await stream.OutputAsync(expected.Length));
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Client_that_does_not_read_is_asked_for_no_more_requests()
    {
        await using ScriptedStream stream = new();
        TaskCompletionSource room = new(TaskCreationOptions.RunContinuationsAsynchronously);
        stream.Congestion = ct => room.Task.WaitAsync(ct);
        int handled = 0;
        Task serving = Serve(stream, (request, response, ct) =>
        {
            Interlocked.Increment(ref handled);
            return EchoAsync(request, response, ct);
        });
        for (byte i = 0; i < 100; i++)
        {
            stream.Send(Frame(i));
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref handled) == 1, Patience));
        Assert.Equal(1, stream.Reads);
        room.SetResult();
        await stream.OutputAsync(600);
        Assert.Equal(100, handled);
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Request_bytes_are_zeroed_once_answered()
    {
        await using ScriptedStream stream = new();
        ReadOnlyMemory<byte> seen = default;
        Task serving = Serve(stream, (request, response, ct) =>
        {
            seen = request.First;
            return EchoAsync(request, response, ct);
        });
        stream.Send(Frame(1, 2, 3));
        await stream.OutputAsync(8);
        Assert.Equal((byte[])[0, 0, 0], seen.ToArray());
        stream.Leave();
        await serving.WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Channel_that_closes_ends_the_connection()
    {
        await using ScriptedStream stream = new();
        using CancellationTokenSource closing = new();
        Task serving = new StreamConnection(stream, EchoAsync, _ => true, _time).RunAsync(closing.Token);
        stream.Send(Frame(1));
        await stream.OutputAsync(6);
        await closing.CancelAsync();
        await serving.WaitAsync(Patience, Test);
    }

    private static byte[] Frame(params byte[] body)
    {
        byte[] frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        return frame;
    }

    /// <summary>Answers with the request and 99.</summary>
    private static ValueTask EchoAsync(
        ReadOnlySequence<byte> request, IBufferWriter<byte> response, CancellationToken ct)
    {
        response.Write(request.ToArray());
        response.Write((ReadOnlySpan<byte>)[99]);
        return ValueTask.CompletedTask;
    }

    private static async Task ReadAgainAsync(ScriptedStream stream, int reads)
    {
        while (stream.Reads == reads)
        {
            await Task.Delay(1, Test);
        }
    }

    private Task Serve(ScriptedStream stream, RequestHandler handler) =>
        Task.Run(() => new StreamConnection(stream, handler, _ => false, _time).RunAsync(Test), Test);

    private async Task ArmedAsync()
    {
        while (_time.Armed == 0)
        {
            await Task.Delay(1, Test);
        }
    }
}
