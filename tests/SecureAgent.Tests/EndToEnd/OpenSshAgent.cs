namespace SecureAgent.Tests.EndToEnd;

/// <summary>A running ssh-agent of OpenSSH, to compare with.</summary>
internal sealed class OpenSshAgent : IAsyncDisposable
{
    private readonly BackgroundProcess _process;

    private OpenSshAgent(BackgroundProcess process, string socket) => (_process, Socket) = (process, socket);

    /// <summary>Path of the socket that it serves.</summary>
    public string Socket { get; }

    /// <summary>Starts it and waits for the line that says where it listens.</summary>
    public static async Task<OpenSshAgent> StartAsync(Home home)
    {
        string socket = home.File("run/openssh.sock");
        BackgroundProcess process = await BackgroundProcess
            .Start(home.Environment, Requires.Tool("ssh-agent"), "-D", "-a", socket)
            .ReadyAsync(started => started.Output.WaitForAsync(socket));
        return new OpenSshAgent(process, socket);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
