using System.Diagnostics;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>Many clients at once.</summary>
[Collection(Undisturbed.Name)]
public sealed class SoftwareLoadTests(KeyFiles keys) : IDisposable
{
    private const int Idle = 5000;
    private const int Logins = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly Home _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData(500)]
    [InlineData(1000)]
    public async Task Clients_that_bind_list_and_sign_at_once_are_all_served(int count)
    {
        string file = await keys.KeyAsync("ecdsa-256");
        byte[] blob = Convert.FromBase64String(File.ReadAllText(file + ".pub").Split(' ')[1]);
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        (await agent.Client.SshAddAsync("-q", file)).Succeeded();
        byte[][] binds = [.. Enumerable.Range(0, count).Select(_ => AgentSocket.BindRequest(isForwarding: false))];
        List<AgentSocket> clients = [];
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            // All are connected before the first one asks.
            clients.AddRange(binds.Select(_ => AgentSocket.Connect(agent.Socket)));
            IEnumerable<Task> uses = clients.Select((client, number) => UseAsync(client, binds[number], blob, number));
            await Task.WhenAll(uses).WaitAsync(Deadline.Span, TestContext.Current.CancellationToken);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{count} clients in {watch.Elapsed}");
        (await agent.Client.SshAddAsync("-T", file + ".pub")).Succeeded();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Promise", "slow and idle clients cannot starve others")]
    public async Task Thousands_of_clients_that_say_little_do_not_keep_ssh_add_waiting(bool speak)
    {
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        List<AgentSocket> idle = [];
        using CancellationTokenSource stop = new();
        Task trickling = Task.CompletedTask;
        try
        {
            for (int i = 0; i < Idle; i++)
            {
                idle.Add(AgentSocket.Connect(agent.Socket));
            }

            trickling = speak ? TrickleAsync(idle, stop.Token) : Task.CompletedTask;
            await Quickness.IsReachedAsync(
                Patience, 20, 0.9, async () => (await agent.Client.SshAddAsync("-l")).ExitedWith(1));
        }
        finally
        {
            await stop.CancelAsync();
            await trickling;
            idle.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Fifty_logins_at_once_through_a_forwarded_hop_succeed_and_again()
    {
        await using SshNetwork network = new();
        await network.InitializeAsync();
        Needs.LinuxWith("ssh", "sshd");
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, network.Home);
        (await agent.Client.SshAddAsync("-q", "-h", "host_a", "-h", "host_a>host_c", "-H", network.KnownHosts,
            network.Key)).Succeeded();
        for (int round = 0; round < 2; round++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            Ran[] ran = await Task.WhenAll(
                Enumerable.Range(0, Logins).Select(_ => network.TravelAsync(agent.Socket, "ac")));

            TestContext.Current.TestOutputHelper?.WriteLine($"{Logins} logins in {watch.Elapsed}");
            Assert.All(ran, each => Assert.Contains("c: The agent has no identities.", each.Succeeded().Output));
        }
    }

    private static async Task UseAsync(AgentSocket client, byte[] bind, byte[] blob, int number)
    {
        Assert.Equal(AgentSocket.SSH_AGENT_SUCCESS, (await client.AskAsync(bind))[0]);
        Assert.True(await client.ListsAsync(blob), $"client {number} does not see the key");
        byte[] data = BitConverter.GetBytes(number);
        byte[] answer = await client.AskAsync(AgentSocket.SignRequest(blob, data, flags: 0));
        Assert.Equal(AgentSocket.SSH_AGENT_SIGN_RESPONSE, answer[0]);
        Assert.True(EcdsaSignature.Verify(blob, data, answer), $"the signature for client {number} is wrong");
    }

    /// <summary>Each writes one byte of a request a second, until it is thrown out.</summary>
    private static async Task TrickleAsync(List<AgentSocket> clients, CancellationToken stop)
    {
        byte[] request = [0, 0, 0, 200];
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            byte next = i < request.Length ? request[i] : (byte)0;
            await Task.WhenAll(clients.Select(client => TryWriteAsync(client, next)));
            await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(1), stop));
        }
    }

    private static async Task TryWriteAsync(AgentSocket client, byte next)
    {
        try
        {
            await client.WriteAsync([next]);
        }
        catch (IOException)
        {
            // The agent may close what is slow.
        }
    }
}
