using System.Diagnostics;
using System.Text.RegularExpressions;

namespace SecureAgent.Tests.EndToEnd;

/// <summary><c>secure-agent ssh-agent</c> beside the ssh-agent of OpenSSH, asked the same.</summary>
public sealed partial class SshAgentCommandTests : IDisposable
{
    private const int SIGUSR1 = 10;

    private readonly Home _home = new();

    public SshAgentCommandTests() => Needs.LinuxWith("ssh-agent", "ssh-add");

    private string Socket => _home.File("run/ssh agent.sock");

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_wrong_command_line_ends_and_complains_as_OpenSSHs_does()
    {
        string[] lines =
        [
            "-x", "--help", "-a", "-E foo", "-O foo", "-P a -P b", "-t x", "-t", "-s -c", "-sx", "-d true", "-s true",
            "-k true", "-dD", "-k", "no-such-command",
        ];
        foreach (string line in lines)
        {
            await SameAsync(_home.Environment, line.Split(' '));
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("99999999999999999999")]
    [InlineData("2147483647")]
    public async Task A_process_id_that_is_none_is_refused_as_OpenSSH_refuses_it(string process) =>
        await SameAsync(_home.With("SSH_AGENT_PID", process), "-k");

    [Theory]
    [InlineData("/bin/sh", "-s")]
    [InlineData("/bin/sh", "-c")]
    [InlineData("/bin/tcsh")]
    [InlineData("/bin/bash")]
    public async Task The_lines_are_OpenSSHs_and_k_ends_the_agent(string shell, params string[] options)
    {
        string socket = _home.File("run/a.sock");
        Dictionary<string, string> environment = _home.With("SHELL", shell);
        List<string> said = [];
        foreach (Func<string[], Task<Ran>> agent in Both(environment))
        {
            Ran started = (await agent([.. options, "-a", socket])).Succeeded();
            string process = AgentPid().Match(started.Output).Groups[1].Value;
            environment["SSH_AGENT_PID"] = process;
            (await new OpenSshClient(_home, socket).SshAddAsync("-l")).ExitedWith(1);

            Ran killed = (await agent([.. options, "-k"])).Succeeded();
            await Deadline.UntilAsync(() => !File.Exists(socket), () => "the socket is still there");
            said.Add((started.Output + killed.Output).Replace(process, "N", StringComparison.Ordinal));
        }

        Assert.Equal(said[0], said[1]);
    }

    [Fact]
    public async Task A_shell_evaluates_the_lines_and_does_not_wait_for_the_agents_end()
    {
        // The agent outlives the script, and has neither its output nor the copy of it.
        Ran ran = await ShellAsync(
            "exec 9>&1; eval \"$(\"$1\" ssh-agent -a \"$2\")\"; ssh-add -l; cat /proc/$SSH_AGENT_PID/comm; "
            + "readlink /proc/$SSH_AGENT_PID/cwd");

        Assert.Matches(
            "^Agent pid [0-9]+\nThe agent has no identities.\nsecure-agent\n/\n$", ran.Output);
        (await new OpenSshClient(_home, Socket).SshAddAsync("-l")).ExitedWith(1);
        string process = AgentPid().Match(ran.Output).Groups[1].Value;
        (await SecureAgentProgram.RunAsync(_home.With("SSH_AGENT_PID", process), "ssh-agent", "-k")).Succeeded();
        await Deadline.UntilAsync(() => !File.Exists(Socket), () => "the socket is still there");
    }

    [Fact]
    public async Task Without_a_path_each_agent_has_a_socket_of_its_own()
    {
        Ran ran = await ShellAsync(
            "for o in -s -s -T; do eval \"$(\"$1\" ssh-agent $o)\" >/dev/null; echo $SSH_AUTH_SOCK; "
            + "kill $SSH_AGENT_PID; done");

        string[] paths = ran.Succeeded().Output.TrimEnd().Split('\n');
        Assert.Equal(3, paths.Distinct().Count());
        Assert.All(paths[..2], path => Assert.StartsWith(_home.File("home/.ssh/agent/s."), path));
        Assert.StartsWith(_home.File("tmp/ssh-"), paths[2], StringComparison.Ordinal);
        await Deadline.UntilAsync(
            () => !Array.Exists(paths, File.Exists) && !Directory.Exists(Path.GetDirectoryName(paths[2])),
            () => "a socket or its directory is still there");
    }

    [Fact]
    public async Task Started_under_the_name_of_ssh_agent_it_is_one()
    {
        string link = _home.File("tmp/ssh-agent");
        File.CreateSymbolicLink(link, SecureAgentProgram.FilePath);

        Ran ran = await new Command(
            _home.Environment, link, "-a", Socket, "sh", "-c", "ssh-add -l; cat /proc/$SSH_AGENT_PID/comm").RunAsync();

        Assert.Equal("The agent has no identities.\nsecure-agent\n", ran.Succeeded().Output);
    }

    [Fact]
    public async Task A_command_ends_as_under_OpenSSHs()
    {
        string[] scripts =
        [
            "exit 7", "kill -TERM $$", "test -S \"$SSH_AUTH_SOCK\" && kill -0 $SSH_AGENT_PID",
            "grep -E '^Sig(Blk|Ign)' /proc/self/status", "test $# = 3 || exit 9",
        ];
        foreach (string script in scripts)
        {
            await SameAsync(_home.Environment, "sh", "-c", script, "sh", "", "-a", "");
        }

        Assert.Empty(Directory.GetFiles(_home.File("tmp"), "dotnet-diagnostic-*"));
    }

    [Fact]
    public async Task The_command_has_the_process_id_that_the_caller_knows_and_takes_the_agent_with_it()
    {
        await using BackgroundProcess command = await SecureAgentProgram.Start(
            _home.Environment, "ssh-agent", "-a", Socket, "sh", "-c", "echo pid $$ $SSH_AGENT_PID; exec sleep 100")
            .ReadyAsync(started => started.Output.WaitForAsync("pid"));
        string[] line = (await command.Output.WaitForAsync("pid")).Split(' ');
        Assert.Equal($"{command.Id}", line[1]);
        Assert.True(File.Exists(Socket));

        Stopwatch watch = Stopwatch.StartNew();
        command.Signal(BackgroundProcess.SIGKILL);

        // OpenSSH's agent looks every ten seconds; this one is told.
        await Deadline.UntilAsync(
            () => !File.Exists(Socket) && !Directory.Exists($"/proc/{line[2]}"), () => "the agent is still there");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), $"it took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("-D", BackgroundProcess.SIGTERM)]
    [InlineData("-D", BackgroundProcess.SIGINT)]
    [InlineData("-d", 1)]
    public async Task In_the_foreground_it_prints_its_own_process_and_ends_with_2(string option, int signal)
    {
        await using BackgroundProcess agent = await StartAsync(option, "-a", Socket);
        Assert.Equal(
            $"SSH_AUTH_SOCK='{Socket}'; export SSH_AUTH_SOCK;\necho Agent pid {agent.Id};", agent.Output.ToString());

        agent.Signal(signal);

        (await agent.EndAsync()).ExitedWith(2);
        Assert.False(File.Exists(Socket));
    }

    [Theory]
    [InlineData("ssh-agent -a")]
    [InlineData("ssh-agent -D -a")]
    [InlineData("run --socket")]
    public async Task Why_it_cannot_listen_is_said_once(string start)
    {
        string path = "/proc/agent.sock";
        Ran ran = await SecureAgentProgram.RunAsync(_home, [.. start.Split(' '), path]);
        Assert.Equal("", ran.ExitedWith(1).Output);
        Assert.Single(ran.Error.TrimEnd().Split('\n'));
        Assert.Contains(path, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SIGUSR1_removes_the_keys_and_the_agent_goes_on()
    {
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(AgentKind.Simulator);
        await world.RunAsync("key", "new", "fresh", "--in", "tpm", "--type", "ecdsa-256");
        await world.ListedAsync("fresh");

        world.Program.Process.Signal(SIGUSR1);

        await Deadline.UntilAsync(
            async () => (await world.Client.SshAddAsync("-l")).ExitCode == 1, () => "the agent still lists the key");
    }

    [Fact]
    public async Task SIGUSR1_removes_keys_that_ssh_add_brought_and_they_can_be_added_again()
    {
        // OpenSSH's agent knows the signal since 10.1; an older one dies of it.
        string file = _home.File("tmp/key");
        (await new Command(_home.Environment, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file).RunAsync())
            .Succeeded();
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        (await agent.Client.SshAddAsync("-q", file)).Succeeded();

        agent.Process.Signal(SIGUSR1);

        await Deadline.UntilAsync(
            async () => (await agent.Client.SshAddAsync("-l")).ExitCode == 1, () => "a key is still listed");
        (await agent.Client.SshAddAsync("-q", file)).Succeeded();
        Assert.Equal(0, (await agent.Client.SshAddAsync("-T", file + ".pub")).ExitCode);
    }

    [Fact]
    public async Task A_supervisors_socket_is_served_silently_and_SIGTERM_is_a_regular_end()
    {
        string activate = Requires.Tool("systemd-socket-activate");
        await using BackgroundProcess agent = await BackgroundProcess.Start(
            _home.Environment, activate, "-l", Socket, SecureAgentProgram.FilePath, "ssh-agent", "-D")
            .ReadyAsync(_ => Deadline.UntilAsync(() => File.Exists(Socket), () => "nothing listens"));
        (await new OpenSshClient(_home, Socket).SshAddAsync("-l")).ExitedWith(1);

        agent.Signal(BackgroundProcess.SIGTERM);

        Assert.Equal("", (await agent.EndAsync()).ExitedWith(0).Output);
    }

    [Fact]
    public async Task A_socket_for_another_process_is_refused_unless_the_command_line_says_where_to_listen()
    {
        Dictionary<string, string> environment = _home.With("LISTEN_PID", "2");
        environment["LISTEN_FDS"] = "1";
        Ran ran = await SecureAgentProgram.RunAsync(environment, "ssh-agent", "-D");
        Assert.Contains("LISTEN_PID", ran.ExitedWith(1).Error, StringComparison.Ordinal);

        (await SecureAgentProgram.RunAsync(environment, "ssh-agent", "-a", Socket, "true")).Succeeded();
    }

    [Theory]
    [InlineData("-D")]
    [InlineData("-d")]
    [InlineData("-s")]
    public async Task Other_programs_of_the_user_cannot_trace_it(string option)
    {
        await using BackgroundProcess agent = await StartAsync(option, "-a", Socket);
        string line = await agent.Output.WaitForAsync("Agent pid");
        string process = $"/proc/{AgentPid().Match(line).Groups[1].Value}";

        // proc(5): the files of a process that cannot be traced belong to root. Tests of root see it from the limits.
        Ran owner = await new Command(_home.Environment, "stat", "-c", "%u", process + "/environ").RunAsync();
        Assert.Equal("0\n", owner.Succeeded().Output);
        Assert.Matches("Max core file size +0 +0 ", await ReadAsync(process + "/limits"));
        Assert.Matches("NoNewPrivs:\t1\n", await ReadAsync(process + "/status"));
        using Process kill = Process.Start("kill", [Path.GetFileName(process)]);
        await Deadline.UntilAsync(() => !File.Exists(Socket), () => "the socket is still there");
    }

    private static Task<string> ReadAsync(string path) =>
        File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);

    // What started the tests may have ignored SIGPIPE, which .NET programs cannot tell from their own doing.
    private static Func<string[], Task<Ran>>[] Both(Dictionary<string, string> environment)
    {
        string[][] programs = [[Requires.Tool("ssh-agent")], [SecureAgentProgram.FilePath, "ssh-agent"]];
        return
        [
            .. programs.Select(program => (Func<string[], Task<Ran>>)(arguments =>
                new Command(environment, "env", ["--default-signal=PIPE", .. program, .. arguments]).RunAsync())),
        ];
    }

    /// <summary>Asks both, and compares everything but the text of the usage, which is each program's own, and the
    /// carriage returns with which OpenSSH logs.</summary>
    private static async Task SameAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        List<string> said = [];
        foreach (Func<string[], Task<Ran>> agent in Both(environment))
        {
            Ran ran = await agent(arguments);
            string error = Usage().Replace(ran.Error.Replace("\r", "", StringComparison.Ordinal), "usage");
            said.Add($"{string.Join(' ', arguments)}: {ran.ExitCode}\n{ran.Output}\n{error}");
        }

        Assert.Equal(said[0], said[1]);
    }

    private Task<BackgroundProcess> StartAsync(params string[] arguments) =>
        SecureAgentProgram.Start(_home.Environment, ["ssh-agent", .. arguments])
            .ReadyAsync(started => started.Output.WaitForAsync("Agent pid"));

    /// <summary>Runs a script with the program as $1 and a path for a socket as $2.</summary>
    private Task<Ran> ShellAsync(string script) =>
        new Command(_home.Environment, "sh", "-c", script, "sh", SecureAgentProgram.FilePath, Socket).RunAsync();

    [GeneratedRegex("Agent pid ([0-9]+)")]
    private static partial Regex AgentPid();

    [GeneratedRegex("^usage: .*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Usage();
}
