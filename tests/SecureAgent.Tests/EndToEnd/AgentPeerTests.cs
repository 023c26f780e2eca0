using System.Globalization;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>Other users, and other programs of the same user; switching users needs root.</summary>
public sealed class AgentPeerTests : IAsyncDisposable
{
    private const int Other = 65534;

    private readonly Home _home = new();

    public AgentPeerTests()
    {
        Needs.LinuxWith("ssh-agent", "ssh-add", "setpriv");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Becoming another user needs root.");
    }

    public ValueTask DisposeAsync()
    {
        _home.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    [Trait("Promise", "only my user connects")]
    public async Task Another_user_is_refused_even_where_the_modes_of_the_socket_would_let_them_in()
    {
        await using AgentPair agents = await AgentPair.StartAsync(_home);
        await RunAsync("chmod", "711", _home.Root, _home.File("run"));
        foreach (DropInAgent agent in new[] { agents.Theirs, agents.Ours })
        {
            (await agent.Client.SshAddAsync("-l")).ExitedWith(1);
            await RunAsync("chmod", "666", agent.Socket);
            Ran ran = await AsOtherAsync(_home.WithAgent(agent.Socket), Requires.Tool("ssh-add"), "-l");

            // It gets through to the socket and no answer there.
            Assert.DoesNotContain("Permission denied", ran.Error, StringComparison.Ordinal);
            Assert.NotEqual("The agent has no identities.\n", ran.Output);
            Assert.NotEqual(0, ran.ExitCode);
        }

        (await agents.Ours.Client.SshAddAsync("-l")).ExitedWith(1);
    }

    [Fact]
    [Trait("Promise", "memory: no dump, no debugger")]
    public async Task Another_program_of_the_same_user_reads_nothing_of_it()
    {
        await RunAsync("chown", "-R", $"{Other}:{Other}", _home.Root);
        string socket = _home.File("run/agent.sock");
        await using BackgroundProcess agent = await BackgroundProcess.Start(
            _home.Environment, "setpriv", [.. Switch, SecureAgentProgram.FilePath, "ssh-agent", "-D", "-a", socket])
            .ReadyAsync(started => started.Output.WaitForAsync("Agent pid"));
        string process = agent.Id.ToString(CultureInfo.InvariantCulture);

        // A program of theirs without such protection shows that these are ways in.
        await using BackgroundProcess open = BackgroundProcess.Start(
            _home.Environment, "setpriv", [.. Switch, "sleep", "60"]);
        string other = open.Id.ToString(CultureInfo.InvariantCulture);
        await Deadline.UntilAsync(
            () => File.ReadAllText($"/proc/{other}/comm") == "sleep\n", () => "the other program has not started");
        foreach (string file in new[] { "environ", "maps", "mem" })
        {
            (await AsOtherAsync(_home.Environment, "sh", "-c", $": < /proc/{other}/{file}")).Succeeded();
            Ran ran = await AsOtherAsync(_home.Environment, "sh", "-c", $": < /proc/{process}/{file}");
            Assert.Contains("Permission denied", ran.Error, StringComparison.Ordinal);
        }

        if (Requires.Find("strace") is { } strace)
        {
            Ran ran = await AsOtherAsync(_home.Environment, strace, "-p", process);
            Assert.Contains("Operation not permitted", ran.ExitedWith(1).Error, StringComparison.Ordinal);
        }

        if (Requires.Find("gdb") is { } gdb)
        {
            Ran ran = await AsOtherAsync(_home.Environment, gdb, "-nx", "-batch", "-p", process);
            Assert.Contains("Operation not permitted", ran.Error + ran.Output, StringComparison.Ordinal);
        }

        (await AsOtherAsync(_home.WithAgent(socket), Requires.Tool("ssh-add"), "-l")).ExitedWith(1);
    }

    private static string[] Switch => [$"--reuid={Other}", $"--regid={Other}", "--clear-groups"];

    private static Task<Ran> AsOtherAsync(IReadOnlyDictionary<string, string> environment, params string[] command) =>
        new Command(environment, "setpriv", [.. Switch, .. command]) { Directory = "/" }.RunAsync();

    private async Task RunAsync(string program, params string[] arguments) =>
        (await new Command(_home.Environment, program, arguments).RunAsync()).Succeeded();
}
