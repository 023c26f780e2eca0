using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using SecureAgent.Channels.Relay;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.Relay;

public sealed class RelayMultiplexerTests
{
    private const int WindowBytes = 64 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Hello = [0x89, .. "SAR\r\n"u8, 0x1a, (byte)'\n', 0, 0, 0, 1];

    public static TheoryData<string, string> BrokenByListener => new()
    {
        { "00 00000000 00000000", "unknown type 0" },
        { "08 00000001 00000000", "unknown type 8" },
        { "01 00000001 00002001", "Open frame of 8193 bytes" },
        { "01 00000000 00000000", "Open frame for connection 0" },
        { "02 00000001 00000001 00", "never opened" },
        { "01 00000002 00000000 01 00000001 00000000", "opened connection 1 after connection 2" },
        { "01 00000001 00000000 01 00000001 00000000", "opened connection 1 after connection 1" },
        { "01 00000001 00000000 02 00000001 00000000", "Data frame of 0 bytes" },
        { "01 00000001 00000000 02 00000001 ffffffff", "Data frame of 4294967295 bytes" },
        { "01 00000001 00000000 03 00000001 00000000 02 00000001 00000001 00", "after their end" },
        { "01 00000001 00000000 03 00000001 00000000 03 00000001 00000000", "ended connection 1 twice" },
        { "01 00000001 00000000 05 00000001 00000004 00000000", "gave 0 bytes of credit" },
        { "01 00000001 00000000 05 00000001 00000004 00000001", "gave 1 bytes of credit" },
        { "01 00000001 00000000 04 00000001 00000001 00", "Reset frame of 1 bytes" },
        { "06 00000001 00000008 0000000000000000", "Ping frame for connection 1" },
        { "07 00000000 00000008 0000000000000000", "nobody asked for" },
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_pass_both_ways_and_each_side_ends_by_itself()
    {
        await using RelayPair pair = new();
        (RelayStream client, RelayStream agent) = await pair.OpenAsync(1, 2, 3);
        await client.WriteAsync("question"u8.ToArray(), Ct);
        client.EndWriting();
        Assert.Equal("question", await ReadAllAsync(agent));

        await agent.WriteAsync("answer"u8.ToArray(), Ct);
        agent.EndWriting();
        Assert.Equal("answer", await ReadAllAsync(client));
        await Assert.ThrowsAsync<IOException>(() => client.WriteAsync(new byte[1], Ct).AsTask());
    }

    [Fact]
    public async Task What_was_sent_before_the_end_is_read_though_the_connection_is_closed_at_once()
    {
        await using RelayPair pair = new();
        (RelayStream client, RelayStream agent) = await pair.OpenAsync();
        await agent.WriteAsync("answer"u8.ToArray(), Ct);
        agent.EndWriting();
        await agent.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await client.WriteAsync(new byte[1], Ct);
                await Task.Yield();
            }
        }).WaitAsync(Patience, Ct);
        Assert.Equal("answer", await ReadAllAsync(client));
    }

    [Fact]
    public async Task A_side_that_disposes_cuts_the_other_off()
    {
        await using RelayPair pair = new();
        (RelayStream client, RelayStream agent) = await pair.OpenAsync();
        ValueTask<int> reading = agent.ReadAsync(new byte[1], Ct);
        await client.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => reading.AsTask().WaitAsync(Patience, Ct));
        (client, agent) = await pair.OpenAsync();
        await agent.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(new byte[1], Ct).AsTask().WaitAsync(Patience, Ct));
    }

    [Fact]
    public async Task Sixty_four_connections_at_once_keep_their_bytes_apart()
    {
        await using RelayPair pair = new();
        (RelayStream Client, RelayStream Agent)[] all = new (RelayStream, RelayStream)[64];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = await pair.OpenAsync((byte)i);
        }

        // More than a window, so that credit goes round.
        IEnumerable<Task> uses = all.Select(async (connection, number) =>
        {
            byte[] sent = new byte[3 * WindowBytes + number];
            new Random(number).NextBytes(sent);
            Task writing = connection.Client.WriteAsync(sent, Ct).AsTask();
            byte[] echo = new byte[sent.Length];
            await connection.Agent.ReadExactlyAsync(echo, Ct);
            await writing;
            Task answering = connection.Agent.WriteAsync(echo, Ct).AsTask();
            byte[] got = new byte[sent.Length];
            await connection.Client.ReadExactlyAsync(got, Ct);
            await answering;
            Assert.Equal(sent, got);
        });
        await Task.WhenAll(uses).WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_sent_one_window_and_holds_up_nobody()
    {
        await using RelayPair pair = new();
        (RelayStream stalled, RelayStream agent) = await pair.OpenAsync();
        Task flood = agent.WriteAsync(new byte[10 * WindowBytes], Ct).AsTask();
        (RelayStream other, RelayStream otherAgent) = await pair.OpenAsync();
        for (int i = 0; i < 100; i++)
        {
            await other.WriteAsync(new byte[10], Ct);
            await otherAgent.ReadExactlyAsync(new byte[10], Ct).AsTask().WaitAsync(Patience, Ct);
            await otherAgent.WriteAsync(new byte[10], Ct);
            await other.ReadExactlyAsync(new byte[10], Ct).AsTask().WaitAsync(Patience, Ct);
        }

        Assert.False(flood.IsCompleted);
        Assert.InRange(pair.There.Written, WindowBytes, WindowBytes + 8 * 1024);

        await stalled.ReadExactlyAsync(new byte[10 * WindowBytes], Ct).AsTask().WaitAsync(Patience, Ct);
        await flood.WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task While_there_are_connections_a_sign_of_life_that_does_not_come_ends_the_relay()
    {
        (DuplexStream here, DuplexStream there) = DuplexStream.Pair();
        ManualTime time = new();
        using RelayMultiplexer relay = RelayMultiplexer.Listening(here, here, time);
        Task run = relay.RunAsync(CancellationToken.None);
        await there.WriteAsync(Hello, Ct);
        await relay.Ready.WaitAsync(Patience, Ct);
        RelayStream client = await relay.OpenAsync(default, Ct);
        await there.ReadExactlyAsync(new byte[Hello.Length + 9], Ct); // Hello, and the head of a ping.
        byte[] number = new byte[8];
        await there.ReadExactlyAsync(number, Ct);
        await there.WriteAsync((byte[])[7, 0, 0, 0, 0, 0, 0, 0, 8, .. number], Ct);

        // The next one is asked for and not given.
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), () => run.IsCompleted);

        RelayProtocolException e = await Assert.ThrowsAsync<RelayProtocolException>(() => run);
        Assert.Equal("it gives no sign of life", e.Message);
        await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(new byte[1], Ct).AsTask());
    }

    [Fact]
    public async Task Signs_of_life_keep_a_silent_connection_for_hours()
    {
        await using RelayPair pair = new();
        (RelayStream client, RelayStream agent) = await pair.OpenAsync();
        await WaitAsync(() => pair.There.Written >= Hello.Length + 17);
        for (int i = 0; i < 60; i++)
        {
            // Bytes that follow the sign of life show that it was taken.
            await agent.WriteAsync(new byte[1], Ct);
            await client.ReadExactlyAsync(new byte[1], Ct).AsTask().WaitAsync(Patience, Ct);
            long mark = pair.There.Written;
            pair.Time.Advance(TimeSpan.FromSeconds(15));
            await WaitAsync(() => pair.There.Written > mark);
            Assert.Equal(mark + 17, pair.There.Written);
        }

        await client.WriteAsync(new byte[1], Ct);
        await agent.ReadExactlyAsync(new byte[1], Ct).AsTask().WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task Without_connections_it_is_silent_and_ends_after_ten_minutes()
    {
        await using RelayPair pair = new();
        (RelayStream client, RelayStream agent) = await pair.OpenAsync();
        await client.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => agent.ReadAsync(new byte[1], Ct).AsTask());
        long written = pair.Here.Written;
        pair.Time.Advance(TimeSpan.FromSeconds(599));
        Assert.False(pair.ListeningRun.IsCompleted);
        Assert.Equal(written, pair.Here.Written);

        pair.Time.Advance(TimeSpan.FromSeconds(1));

        await pair.ListeningRun.WaitAsync(Patience, Ct);
        Assert.True(pair.Listening.WasIdle);
        await Assert.ThrowsAsync<IOException>(() => pair.Listening.OpenAsync(default, Ct).AsTask());
    }

    [Theory]
    [InlineData("Welcome to Ubuntu 24.04\nLast login: never\n", "it says \"Welcome to Ubuntu 24.04\"")]
    [InlineData("\u0089SAR\n\u001a\n", "as line ends of text are")]
    [InlineData("\u0089SAR\r\r\n\u001a\r\n", "as line ends of text are")]
    public async Task What_is_no_relay_is_recognised_by_its_first_bytes(string words, string expected)
    {
        Exception? end = await EndOfAsync(Encoding.Latin1.GetBytes(words));
        Assert.Contains(expected, Assert.IsType<RelayProtocolException>(end).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(BrokenByListener))]
    public async Task A_broken_rule_ends_the_relay_and_is_named(string frames, string expected)
    {
        byte[] bytes = Convert.FromHexString(frames.Replace(" ", "", StringComparison.Ordinal));
        Exception? end = await EndOfAsync([.. Hello, .. bytes]);
        Assert.Contains(expected, Assert.IsType<RelayProtocolException>(end).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_bytes_than_there_is_credit_for_end_the_relay()
    {
        MemoryStream frames = new();
        frames.Write([.. Hello, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
        byte[] data = [2, 0, 0, 0, 1, 0, 0, 0x40, 0, .. new byte[16 * 1024]];
        for (int i = 0; i < 4; i++)
        {
            frames.Write(data);
        }

        Assert.Null(await EndOfAsync(frames.ToArray()));
        frames.Write([2, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
        Exception? end = await EndOfAsync(frames.ToArray());
        Assert.Contains("than it had credit for", Assert.IsType<RelayProtocolException>(end).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_beyond_4096_end_the_relay()
    {
        MemoryStream frames = new();
        frames.Write(Hello);
        byte[] head = new byte[9];
        head[0] = 1;
        for (uint number = 1; number <= 4097; number++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(1), number);
            frames.Write(head);
        }

        Exception? end = await EndOfAsync(frames.ToArray());
        Assert.Contains("more than 4096", Assert.IsType<RelayProtocolException>(end).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_listening_side_opens_connections()
    {
        (DuplexStream here, DuplexStream there) = DuplexStream.Pair();
        using RelayMultiplexer relay = RelayMultiplexer.Listening(here, here, TimeProvider.System);
        Task run = relay.RunAsync(CancellationToken.None);
        await there.WriteAsync((byte[])[.. Hello, 1, 0, 0, 0, 1, 0, 0, 0, 0], Ct);
        await Assert.ThrowsAsync<RelayProtocolException>(() => run.WaitAsync(Patience, Ct));
    }

    /// <summary>Sends bytes to the dialling side, and then nothing more.</summary>
    /// <returns>What it threw.</returns>
    private static async Task<Exception?> EndOfAsync(byte[] bytes)
    {
        (DuplexStream here, DuplexStream there) = DuplexStream.Pair();
        using RelayMultiplexer relay = RelayMultiplexer.Dialling(here, here, (_, _) => Task.CompletedTask);
        Task run = relay.RunAsync(CancellationToken.None);
        try
        {
            await there.WriteAsync(bytes, Ct);
        }
        catch (IOException)
        {
            // It has seen enough.
        }

        there.EndWriting();
        return await Record.ExceptionAsync(() => run.WaitAsync(Patience, Ct));
    }

    private static async Task<string> ReadAllAsync(Stream stream)
    {
        using StreamReader reader = new(stream, leaveOpen: true);
        return await reader.ReadToEndAsync(Ct).WaitAsync(Patience, Ct);
    }

    private static Task WaitAsync(Func<bool> condition) => AdvanceUntilAsync(null, default, condition);

    private static async Task AdvanceUntilAsync(ManualTime? time, TimeSpan step, Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "it does not happen");
            time?.Advance(step);
            await Task.Delay(1, Ct);
        }
    }
}
