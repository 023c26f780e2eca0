namespace SecureAgent.Tests.EndToEnd;

/// <summary>What the program does when connections want more descriptors than it may have.</summary>
public sealed class DescriptorTests
{
    // The program that is not compiled ahead of time needs about a hundred for itself.
    private static readonly int Limit = SecureAgentProgram.IsCompiledAheadOfTime ? 64 : 256;

    [Fact]
    public async Task Idle_clients_that_would_take_every_descriptor_do_not_keep_a_new_one_out()
    {
        await using World world = await World.StartAsync($"--nofile={Limit}");
        List<AgentSocket> idle = [];
        try
        {
            for (int i = 0; i < Limit * 2; i++)
            {
                idle.Add(AgentSocket.Connect(world.Socket));
                await ListAsync(idle[^1]);
            }

            (await world.ListAsync()).Succeeded();
            Assert.DoesNotContain("accept:", world.Log, StringComparison.Ordinal); // It never even came to that.
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    private static async Task ListAsync(AgentSocket client) =>
        Assert.Equal(AgentSocket.SSH_AGENT_IDENTITIES_ANSWER,
            (await client.AskAsync([AgentSocket.SSH_AGENTC_REQUEST_IDENTITIES]).WaitAsync(Deadline.Span))[0]);

    /// <summary>A program under a limit; it has no TPM, because it has no key that needs one.</summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly Home _home;
        private readonly BackgroundProcess _process;

        private World(Home home, BackgroundProcess process) => (_home, _process) = (home, process);

        public string Socket => _home.File("run/agent.sock");

        public string Log => _process.Error.ToString();

        public static async Task<World> StartAsync(string limit)
        {
            string prlimit = Requires.Tool("prlimit");
            Home home = new();
            string[] arguments = AgentProgram.Arguments(home, "swtpm:path=/nonexistent");
            World world = new(home, BackgroundProcess.Start(
                home.Environment, prlimit, [limit, SecureAgentProgram.FilePath, .. arguments]));
            await world._process.ReadyAsync(started => started.Output.WaitForAsync(world.Socket));
            return world;
        }

        /// <summary>A fresh ssh-add. It ends with 1 when there is no key, so that the shell turns that
        /// round.</summary>
        public Task<Ran> ListAsync() => new Command(_home.Environment, "sh",
            ["-c", $"SSH_AUTH_SOCK={Socket} {Requires.Tool("ssh-add")} -l | grep 'no identities'"]).RunAsync();

        public async ValueTask DisposeAsync()
        {
            await _process.DisposeAsync();
            _home.Dispose();
        }
    }
}
