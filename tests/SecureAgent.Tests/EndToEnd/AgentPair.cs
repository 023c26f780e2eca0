namespace SecureAgent.Tests.EndToEnd;

/// <summary>Our agent and OpenSSH's, given the same commands, which must not see a difference.</summary>
internal sealed class AgentPair : IAsyncDisposable
{
    private AgentPair(DropInAgent theirs, DropInAgent ours) => (Theirs, Ours) = (theirs, ours);

    /// <summary>OpenSSH's.</summary>
    public DropInAgent Theirs { get; }

    /// <summary>The one under test.</summary>
    public DropInAgent Ours { get; }

    /// <summary>Starts both with the same options.</summary>
    public static async Task<AgentPair> StartAsync(Home home, params string[] options)
    {
        DropInAgent theirs = await DropInAgent.StartAsync(AgentSide.OpenSsh, home, options);
        try
        {
            return new AgentPair(theirs, await DropInAgent.StartAsync(AgentSide.DropIn, home, options));
        }
        catch
        {
            await theirs.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives <c>ssh-add</c> the same words for both, and returns what it did with ours.</summary>
    public Task<Ran> SshAddAsync(params string[] arguments) => SameAsync(agent => agent.Client.SshAddAsync(arguments));

    /// <summary>Runs the same for both, and returns what it did with ours.</summary>
    public async Task<Ran> SameAsync(Func<DropInAgent, Task<Ran>> run)
    {
        Ran expected = await run(Theirs);
        Ran seen = await run(Ours);
        string log = $"the agent logged:\n{Ours.Process.Error}";
        Assert.True(Compared(expected, Theirs) == Compared(seen, Ours), $"{expected}\n\nbut\n{seen}\n{log}");
        return seen;
    }

    public async ValueTask DisposeAsync()
    {
        await Ours.DisposeAsync();
        await Theirs.DisposeAsync();
    }

    private static string Compared(Ran ran, DropInAgent agent) =>
        (ran with { Command = "" }).ToString().Replace(agent.Socket, "SOCKET", StringComparison.Ordinal);
}
