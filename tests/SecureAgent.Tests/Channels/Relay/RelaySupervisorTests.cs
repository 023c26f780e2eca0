using SecureAgent.Channels.Relay;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.Relay;

public sealed class RelaySupervisorTests : IAsyncDisposable
{
    private readonly List<RelayProcessDouble> _started = [];
    private readonly ManualTime _time = new();
    private readonly RecordingLog _log = new();
    private readonly RelaySupervisor _supervisor;
    private Func<RelayProcessDouble> _start = () => new RelayProcessDouble();

    public RelaySupervisorTests() => _supervisor = new RelaySupervisor("child", Start, _log, _time);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _supervisor.DisposeAsync();

    [Fact]
    public async Task The_process_starts_with_the_first_client_and_serves_all()
    {
        Assert.Empty(_started);
        Task<Stream>[] opening = [.. Enumerable.Range(0, 64).Select(_ => ConnectAsync())];
        foreach (Stream stream in await Task.WhenAll(opening))
        {
            await AssertEchoAsync(stream);
        }

        Assert.Single(_started);
    }

    [Fact]
    public async Task Its_end_is_the_end_of_the_process_and_nothing_starts_after_that()
    {
        RelaySupervisor supervisor = new("child", Start, _log, _time);
        Stream stream = await supervisor.ConnectAsync(default, Ct);
        await supervisor.DisposeAsync();
        Assert.True(Assert.Single(_started).IsDisposed);
        await Assert.ThrowsAsync<IOException>(() => stream.ReadAsync(new byte[1], Ct).AsTask());
        await Assert.ThrowsAsync<ChannelException>(() => supervisor.ConnectAsync(default, Ct).AsTask());
        Assert.Empty(_log.Events);
    }

    [Fact]
    public async Task When_it_is_killed_its_connections_end_and_the_next_client_gets_a_new_one()
    {
        await KillAsync(await ConnectAsync());

        await AssertEchoAsync(await ConnectAsync());

        Assert.Equal(2, _started.Count);
        Assert.Equal(
            "child is gone: it ended with exit code 137. The next request starts it again.",
            Assert.Single(_log.Events).Message);
    }

    [Fact]
    public async Task One_that_cannot_start_is_tried_ever_more_rarely_and_soon_again_once_it_worked()
    {
        int tries = 0;
        Func<RelayProcessDouble> works = _start;
        _start = () =>
        {
            tries++;
            throw new ChannelException("no such command");
        };
        for (int second = 0; second < 300; second++)
        {
            ChannelException e = await Assert.ThrowsAsync<ChannelException>(ConnectAsync);
            Assert.Equal("no such command", e.Message);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(tries, 12, 18);

        _start = works;
        _time.Advance(TimeSpan.FromSeconds(30));
        Stream stream = await ConnectAsync();
        _time.Advance(TimeSpan.FromSeconds(11));
        await KillAsync(stream);
        await KillAsync(await ConnectAsync());
        await AssertEchoAsync(await ConnectAsync());
    }

    [Fact]
    public async Task One_that_ends_at_once_is_not_started_for_every_request()
    {
        for (int i = 0; i < 2; i++)
        {
            await KillAsync(await ConnectAsync());
        }

        ChannelException e = await Assert.ThrowsAsync<ChannelException>(ConnectAsync);
        Assert.Contains("exit code 137", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, _started.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        await AssertEchoAsync(await ConnectAsync());
    }

    [Fact]
    public async Task Words_that_are_no_relay_are_said()
    {
        _start = () =>
        {
            RelayProcessDouble process = new(isRelay: false);
            _ = process.Side.WriteAsync("Welcome!\n"u8.ToArray(), Ct).AsTask();
            return process;
        };
        ChannelException e = await Assert.ThrowsAsync<ChannelException>(ConnectAsync);
        Assert.Equal("child does not work: it says \"Welcome!\" instead of speaking the relay's protocol.", e.Message);
        Assert.True(_started[0].IsDisposed);
    }

    [Fact]
    public async Task One_that_says_nothing_is_given_up_after_a_minute()
    {
        _start = () => new RelayProcessDouble(isRelay: false);
        Task<Stream> opening = ConnectAsync();
        while (_time.Armed == 0)
        {
            await Task.Delay(1, Ct);
        }

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(opening.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        ChannelException e = await Assert.ThrowsAsync<ChannelException>(() => opening);
        Assert.Equal("child has said nothing for 60 s. Does it end in relay --multiplex?", e.Message);
    }

    [Fact]
    public async Task An_idle_one_is_ended_and_the_next_client_starts_another_without_a_word()
    {
        await (await ConnectAsync()).DisposeAsync();
        _time.Advance(TimeSpan.FromMinutes(10));
        await _started[0].Ended.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        await AssertEchoAsync(await ConnectAsync());
        Assert.Equal(2, _started.Count);
        Assert.Empty(_log.Events);
    }

    private static async Task AssertEchoAsync(Stream stream)
    {
        await stream.WriteAsync("x"u8.ToArray(), Ct);
        byte[] echo = new byte[1];
        await stream.ReadExactlyAsync(echo, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
        Assert.Equal("x"u8.ToArray(), echo);
    }

    /// <summary>Ends the process, and waits until its connection shows that.</summary>
    private async Task KillAsync(Stream connection)
    {
        await AssertEchoAsync(connection);
        _started[^1].Kill();
        await Assert.ThrowsAsync<IOException>(() => connection.ReadAsync(new byte[1], Ct).AsTask());
    }

    private Task<Stream> ConnectAsync() => _supervisor.ConnectAsync(default, Ct).AsTask();

    private RelayProcessDouble Start()
    {
        RelayProcessDouble process = _start();
        _started.Add(process);
        return process;
    }
}
