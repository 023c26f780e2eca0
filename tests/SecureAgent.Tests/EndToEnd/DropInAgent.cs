namespace SecureAgent.Tests.EndToEnd;

/// <summary>An ssh-agent for key files, started with the same words whoever's it is.</summary>
internal sealed class DropInAgent : IAsyncDisposable
{
    private readonly Home _home;

    private DropInAgent(Home home, BackgroundProcess process, string socket) =>
        (_home, Process, Socket) = (home, process, socket);

    /// <summary>Where it listens.</summary>
    public string Socket { get; }

    /// <summary>Its process.</summary>
    public BackgroundProcess Process { get; }

    /// <summary>OpenSSH's programs with this agent.</summary>
    public OpenSshClient Client => new(_home, Socket);

    /// <summary>Starts one in the foreground.</summary>
    /// <param name="side">Whose.</param>
    /// <param name="home">Whose keys.</param>
    /// <param name="options">More options of ssh-agent(1).</param>
    public static Task<DropInAgent> StartAsync(AgentSide side, Home home, params string[] options) =>
        StartAsync(side, home, home.Environment, ["-D", .. options]);

    /// <summary>Starts one with an environment of its own and every option but <c>-a</c>.</summary>
    public static async Task<DropInAgent> StartAsync(
        AgentSide side, Home home, IReadOnlyDictionary<string, string> environment, string[] options)
    {
        string socket = home.File($"run/{side}-{Path.GetRandomFileName()}");
        string[] arguments = [.. options, "-a", socket];
        BackgroundProcess process = side == AgentSide.DropIn
            ? SecureAgentProgram.Start(environment, ["ssh-agent", .. arguments])
            : BackgroundProcess.Start(environment, Requires.Tool("ssh-agent"), arguments);
        await process.ReadyAsync(started => started.Output.WaitForAsync("Agent pid"));
        return new DropInAgent(home, process, socket);
    }

    public async ValueTask DisposeAsync()
    {
        // Shown where the test fails.
        TestContext.Current.TestOutputHelper?.WriteLine($"the log of {Socket}:\n{Process.Error}");
        await Process.DisposeAsync();
    }
}
