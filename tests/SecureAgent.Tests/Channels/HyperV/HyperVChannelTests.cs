using System.Net;
using System.Net.Sockets;
using SecureAgent.Backends.Memory;
using SecureAgent.Channels.HyperV;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.HyperV;

public sealed class HyperVChannelTests : IAsyncDisposable
{
    private const uint Port = 0x22223333;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly Guid First = new("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly Guid Second = new("10112233-4455-6677-8899-aabbccddeeff");

    private readonly TestHyperVHost _host = new();
    private readonly RecordingLog _log = new();
    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SshAgent _agent;
    private Task _running = Task.CompletedTask;

    public HyperVChannelTests() => _agent =
        new SshAgent([new TestBackend("test")], new TestPrompter(), _log, new LockedMemory(), TimeProvider.System);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guest_that_runs_is_served_and_another_that_starts_later_instead()
    {
        _host.Guest = First;
        await StartAsync();
        Assert.Equal((First, Port), (_host.Listened.Last().VmId, _host.Listened.Last().Port));
        Assert.True(await IsAnsweredAsync(_host.Listened.Last().Address));
        _host.Guest = Second;
        LookAgain();
        Assert.True(SpinWait.SpinUntil(() => _host.Listened.Count == 2, Patience));
        Assert.Equal(Second, _host.Listened.Last().VmId);
        Assert.True(await IsAnsweredAsync(_host.Listened.Last().Address));
        Assert.False(await IsAnsweredAsync(_host.Listened.First().Address));
    }

    [Fact]
    public async Task Guest_that_stops_is_not_listened_for()
    {
        _host.Guest = First;
        await StartAsync();
        IPEndPoint address = _host.Listened.Single().Address;
        Assert.True(await IsAnsweredAsync(address));
        _host.Guest = null;
        LookAgain();
        Assert.False(await IsAnsweredAsync(address));
        Assert.Single(_host.Listened);
    }

    [Fact]
    public async Task Guest_that_stays_is_listened_for_once()
    {
        _host.Guest = First;
        await StartAsync();
        LookAgain();
        LookAgain();
        Assert.Single(_host.Listened);
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    [InlineData("90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd")]
    public async Task Every_machine_of_the_host_is_never_listened_for(string id)
    {
        _host.Guest = new Guid(id);
        await StartAsync();
        LookAgain();
        Assert.Empty(_host.Listened);
    }

    [Fact]
    public async Task Client_of_another_machine_is_refused()
    {
        _host.Guest = First;
        _host.Caller = Second;
        await StartAsync();
        Assert.False(await IsAnsweredAsync(_host.Listened.Single().Address));
        Assert.Contains(_log.Events, logged => logged.Kind == "peer"
            && logged.Message.Contains(Second.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trouble_while_listening_is_said_once_and_tried_again()
    {
        _host.Guest = First;
        _host.Refuses = true;
        await StartAsync();
        LookAgain();
        AgentEvent said = Assert.Single(_log.Events);
        Assert.Contains("22223333-facb-11e6-bd58-64006a7986d3", said.Message, StringComparison.Ordinal);
        _host.Refuses = false;
        LookAgain();
        Assert.True(await IsAnsweredAsync(_host.Listened.Single().Address));
    }

    [Fact]
    public async Task Elsewhere_than_on_Windows_the_channel_says_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It may serve on Windows.");
        HyperVChannel channel = new(Port, _log, _time);
        await Assert.ThrowsAsync<ChannelException>(() => channel.RunAsync(_agent, Test));
        await Assert.ThrowsAsync<ChannelException>(() => channel.Listening.WaitAsync(Patience, Test));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Patience);
        _agent.Dispose();
        _stopping.Dispose();
    }

    private async Task StartAsync()
    {
        HyperVChannel channel = new(Port, _host, _log, _time);
        _running = channel.RunAsync(_agent, _stopping.Token);
        await channel.Listening.WaitAsync(Patience, Test);
        Assert.True(SpinWait.SpinUntil(() => _host.Looks == 1 && _time.Armed > 0, Patience));
    }

    /// <summary>Lets the time pass until the channel has looked for the virtual machine and waits again.</summary>
    private void LookAgain()
    {
        int looks = _host.Looks;
        _time.Advance(Interval);
        Assert.True(SpinWait.SpinUntil(() => _host.Looks > looks && _time.Armed > 0, Patience));
    }

    private static async Task<bool> IsAnsweredAsync(IPEndPoint address)
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(address, Test);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync((byte[])[0, 0, 0, 1, 11], Test);
            byte[] answer = new byte[9];
            return answer.Length
                == await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, Test);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }
}
