namespace SecureAgent.Tests.EndToEnd;

/// <summary>A running <c>secure-agent run</c> with a socket, key directory and TPM of its own.</summary>
internal sealed class AgentProgram : IAsyncDisposable
{
    private readonly BackgroundProcess _process;

    private AgentProgram(BackgroundProcess process, string socket) => (_process, Socket) = (process, socket);

    /// <summary>Path of the socket that it serves.</summary>
    public string Socket { get; }

    /// <summary>What it logs.</summary>
    public LineLog Log => _process.Error;

    /// <summary>Its process.</summary>
    public BackgroundProcess Process => _process;

    /// <summary>Starts it and waits for the line that says where it listens.</summary>
    /// <param name="home">Whose socket, keys and prompts.</param>
    /// <param name="tcti">The TPM.</param>
    public static Task<AgentProgram> StartAsync(Home home, string tcti) => StartAsync(home, tcti, home.Environment);

    /// <summary>Starts it with an environment of its own.</summary>
    public static async Task<AgentProgram> StartAsync(
        Home home, string tcti, IReadOnlyDictionary<string, string> environment)
    {
        string socket = home.File("run/agent.sock");
        BackgroundProcess process = await SecureAgentProgram.Start(environment, Arguments(home, tcti))
            .ReadyAsync(started => started.Output.WaitForAsync(socket));
        return new AgentProgram(process, socket);
    }

    /// <summary>The command line of <c>secure-agent run</c> for <paramref name="home"/>.</summary>
    public static string[] Arguments(Home home, string tcti) =>
        ["run", "--socket", home.File("run/agent.sock"), "--tpm", tcti, "--key-dir", home.KeyDirectory];

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
