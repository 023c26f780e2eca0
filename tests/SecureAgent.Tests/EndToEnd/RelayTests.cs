using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace SecureAgent.Tests.EndToEnd;

/// <summary><c>secure-agent relay</c> and <c>secure-agent bridge</c>, with the same program as both halves.</summary>
public sealed class RelayTests(SshNetwork network) : IClassFixture<SshNetwork>, IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _running = [];

    private Home Home => network.Home;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable running in Enumerable.Reverse(_running))
        {
            await running.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("relay")]
    [InlineData("bridge")]
    public async Task Ssh_logs_in_and_forwards_the_agent_and_each_connection_keeps_its_binds(string kind)
    {
        (_, _, string socket) = await StartAsync(kind);
        (await new OpenSshClient(Home, socket).SshAddAsync(
            "-q", "-h", "host_a", "-h", "host_a>host_b", "-H", network.KnownHosts, network.Key)).Succeeded();

        Ran ran = (await network.TravelAsync(socket, "ab")).Succeeded();

        Assert.Equal("here: the key\na: the key\nb: The agent has no identities.\n", ran.Output);
        (await network.TravelAsync(socket, "b")).ExitedWith(255);
    }

    [Fact]
    public async Task Ssh_add_sees_what_it_sees_without_the_relay_and_the_agent_sees_who_asks()
    {
        (DropInAgent agent, _, string socket) = await StartAsync("relay");
        OpenSshClient through = new(Home, socket);
        (await through.SshAddAsync("-q", network.Key)).Succeeded();
        foreach (string option in new[] { "-l", "-L" })
        {
            Ran direct = (await agent.Client.SshAddAsync(option)).Succeeded();
            Assert.Equal(direct.Output, (await through.SshAddAsync(option)).Succeeded().Output);
        }

        (await through.SshAddAsync("-T", network.Key + ".pub")).Succeeded();
        (await through.SshAddAsync("-d", network.Key + ".pub")).Succeeded();
        Ran again = await through.SshAddAsync("-d", network.Key + ".pub");

        Assert.Contains("agent refused operation", again.ExitedWith(1).Error);
        Assert.Contains(", wsl2 (claimed): ssh-add(", await agent.Process.Error.WaitForAsync("UnknownKey"));
    }

    [Fact]
    public async Task Sixty_four_clients_at_once_list_and_sign_through_one_process()
    {
        (_, BackgroundProcess relay, string socket) = await StartAsync("relay");
        (await new OpenSshClient(Home, socket).SshAddAsync("-q", network.Key)).Succeeded();
        byte[] blob = Convert.FromBase64String((await File.ReadAllTextAsync(network.Key + ".pub", Ct)).Split(' ')[1]);
        AgentSocket[] clients = [.. Enumerable.Range(0, 64).Select(_ => AgentSocket.Connect(socket))];
        try
        {
            IEnumerable<Task> uses = clients.Select(async (client, number) =>
            {
                for (int i = 0; i < 3; i++)
                {
                    Assert.True(await client.ListsAsync(blob));
                    byte[] data = Encoding.UTF8.GetBytes($"data of client {number}");
                    byte[] answer = await client.AskAsync(AgentSocket.SignRequest(blob, data, flags: 0));
                    Assert.Equal(AgentSocket.SSH_AGENT_SIGN_RESPONSE, answer[0]);
                }
            });
            await Task.WhenAll(uses).WaitAsync(Deadline.Span, Ct);
        }
        finally
        {
            Array.ForEach(clients, client => client.Dispose());
        }

        Assert.Single(ChildrenOf(relay.Id));
    }

    [Fact]
    public async Task A_killed_other_half_loses_the_request_in_flight_and_no_other()
    {
        Needs.LinuxWith("ssh", "sshd", "ssh-add");
        await using StandInAgent agent = new(Home);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        (BackgroundProcess relay, string socket) = await RelayToAsync(agent.SocketPath);
        using AgentSocket idle = AgentSocket.Connect(socket);
        Assert.Equal(12, (await idle.AskAsync([11]))[0]);
        agent.OnList = _ =>
        {
            asked.TrySetResult();
            return false;
        };
        using AgentSocket waiting = AgentSocket.Connect(socket);
        Task<byte[]> lost = waiting.AskAsync([11]);
        await asked.Task.WaitAsync(Deadline.Span, Ct);
        agent.OnList = _ => true;
        int before = Assert.Single(ChildrenOf(relay.Id));

        using (Process child = Process.GetProcessById(before))
        {
            child.Kill();
        }

        Assert.Equal([5], await lost.WaitAsync(Deadline.Span, Ct));
        Assert.Equal(12, (await waiting.AskAsync([11]))[0]);
        Assert.Equal(12, (await idle.AskAsync([11]))[0]);
        using AgentSocket later = AgentSocket.Connect(socket);
        Assert.Equal(12, (await later.AskAsync([11]))[0]);
        Assert.NotEqual(before, Assert.Single(ChildrenOf(relay.Id)));
        await relay.Error.WaitForAsync("is gone: it ended with exit code 137. The next request starts it again.");
    }

    [Theory]
    [InlineData(BackgroundProcess.SIGTERM, 0)]
    [InlineData(BackgroundProcess.SIGINT, 130)]
    [InlineData(BackgroundProcess.SIGKILL, 137)]
    public async Task Its_end_is_the_end_of_the_other_half_and_of_its_socket(int signal, int exitCode)
    {
        (_, BackgroundProcess relay, string socket) = await StartAsync("relay");
        (await new OpenSshClient(Home, socket).SshAddAsync("-l")).ExitedWith(1);
        int child = Assert.Single(ChildrenOf(relay.Id));

        relay.Signal(signal);

        Assert.Equal(exitCode, (await relay.EndAsync()).ExitCode);
        Assert.Equal(signal == BackgroundProcess.SIGKILL, File.Exists(socket));
        await Deadline.UntilAsync(() => !Directory.Exists($"/proc/{child}"), () => "the other half goes on");
    }

    [Theory]
    [InlineData("printf 'Welcome home\\n'; exec sleep 60", "it says \"Welcome home\" instead of speaking")]
    [InlineData("exit 3", "it ended with exit code 3")]
    [InlineData("exec /nonexistent", "it ended with exit code 127")]
    public async Task A_command_that_is_no_relay_costs_one_line_and_no_more_starts_than_that(string script, string expected)
    {
        Needs.LinuxWith("sh", "ssh", "sshd", "ssh-add");
        string count = Home.File($"tmp/{Path.GetRandomFileName()}");
        (BackgroundProcess relay, string socket) =
            await RelayAsync("sh", "-c", $"echo x >> {count}; {script}");
        for (int i = 0; i < 10; i++)
        {
            Ran ran = await new OpenSshClient(Home, socket).SshAddAsync("-l");
            Assert.Contains("agent refused operation", ran.ExitedWith(1).Error);
        }

        Assert.Contains(expected, await relay.Error.WaitForAsync("does not work"));
        Assert.Single(relay.Error.ToString().Split('\n'), line => line.Contains("does not work"));
        Assert.InRange((await File.ReadAllLinesAsync(count, Ct)).Length, 1, 4);
    }

    [Fact]
    public async Task One_connection_over_standard_input_and_output_is_the_agents_own_to_the_byte()
    {
        DropInAgent agent = await AgentAsync();
        (await agent.Client.SshAddAsync("-q", network.Key)).Succeeded();
        using AgentSocket direct = AgentSocket.Connect(agent.Socket);
        byte[] list = await direct.AskAsync([11]);
        using Process relay = Process.Start(Command.StartInfo(
            Home.Environment, SecureAgentProgram.FilePath, ["relay", "--to", agent.Socket]))!;

        // Two requests and the end, before there is any answer.
        await relay.StandardInput.BaseStream.WriteAsync((byte[])[0, 0, 0, 1, 11, 0, 0, 0, 1, 11], Ct);
        relay.StandardInput.Close();
        using MemoryStream got = new();
        await relay.StandardOutput.BaseStream.CopyToAsync(got, Ct).WaitAsync(Deadline.Span, Ct);
        await relay.WaitForExitAsync(Ct).WaitAsync(Deadline.Span, Ct);

        byte[] answer = [0, 0, (byte)(list.Length >> 8), (byte)list.Length, .. list];
        Assert.Equal((byte[])[.. answer, .. answer], got.ToArray());
        Assert.Equal((0, ""), (relay.ExitCode, await relay.StandardError.ReadToEndAsync(Ct)));
    }

    [Fact]
    public async Task It_ends_when_the_agent_hangs_up_though_standard_input_stays_open()
    {
        Needs.LinuxWith("ssh", "sshd");
        await using StandInAgent agent = new(Home)
        {
            OnList = client =>
            {
                client.Shutdown(SocketShutdown.Both);
                return false;
            },
        };
        using Process relay = Process.Start(Command.StartInfo(
            Home.Environment, SecureAgentProgram.FilePath, ["relay", "--to", agent.SocketPath]))!;
        await relay.StandardInput.BaseStream.WriteAsync((byte[])[0, 0, 0, 1, 11], Ct);
        await relay.StandardInput.BaseStream.FlushAsync(Ct);

        await relay.WaitForExitAsync(Ct).WaitAsync(Deadline.Span, Ct);

        Assert.Equal((0, ""), (relay.ExitCode, await relay.StandardOutput.ReadToEndAsync(Ct)));
    }

    [Fact]
    public async Task Without_an_agent_it_says_so_and_ends_with_2()
    {
        Needs.LinuxWith("ssh", "sshd");
        Ran ran = await SecureAgentProgram.RunAsync(Home, "relay", "--to", Home.File("run/nobody"));
        Assert.Equal("", ran.ExitedWith(2).Output);
        Assert.Contains("there is no such socket", ran.Error);
    }

    [Fact]
    public async Task The_unit_that_it_prints_is_one_for_systemd()
    {
        Needs.LinuxWith("ssh", "sshd", "systemd-analyze", "ls");
        Ran ran = (await SecureAgentProgram.RunAsync(
            Home, "relay", "--listen", "/tmp/a b$%h", "--systemd", "--", "ls", "relay", "--multiplex")).Succeeded();
        string[] lines = ran.Output.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("ExecStart=\"", StringComparison.Ordinal) && line.EndsWith(
            $"\"relay\" \"--listen\" \"/tmp/a b$$%%h\" \"--\" \"{Requires.Tool("ls")}\" \"relay\" \"--multiplex\"",
            StringComparison.Ordinal));
        string unit = Home.Write("tmp/secure-agent-relay.service", ran.Output);
        (await new Command(Home.Environment, "systemd-analyze", "--user", "verify", unit).RunAsync()).Succeeded();
    }

    [Theory]
    [InlineData("--listen and COMMAND go together", "relay", "--systemd")]
    [InlineData("--listen and COMMAND go together", "relay", "--listen", "/tmp/x")]
    [InlineData("--listen and COMMAND go together", "relay", "--", "ls")]
    [InlineData("give --multiplex and --to to it", "relay", "--listen", "/tmp/x", "--to", "/tmp/y", "--", "ls")]
    public async Task A_wrong_command_line_is_explained(string expected, params string[] arguments)
    {
        Needs.LinuxWith("ssh", "sshd");
        Assert.Contains(expected, (await SecureAgentProgram.RunAsync(Home, arguments)).ExitedWith(64).Error);
    }

    /// <summary>By the parent that each process names (proc(5), the fourth field of stat).</summary>
    private static int[] ChildrenOf(int process) =>
    [
        .. Directory.EnumerateDirectories("/proc", "*")
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Where(name => ParentOf(name!) == process)
            .Select(name => int.Parse(name!, NumberStyles.None, CultureInfo.InvariantCulture)),
    ];

    private static int? ParentOf(string process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // It has ended.
        }
    }

    private async Task<(DropInAgent Agent, BackgroundProcess Relay, string Socket)> StartAsync(string kind)
    {
        DropInAgent agent = await AgentAsync();
        (BackgroundProcess relay, string socket) = kind == "bridge"
            ? await ServingAsync(path => ["bridge", "--from", path, "--to", agent.Socket])
            : await RelayToAsync(agent.Socket);
        return (agent, relay, socket);
    }

    private async Task<DropInAgent> AgentAsync()
    {
        Needs.LinuxWith("ssh", "sshd", "ssh-add");
        DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, Home);
        _running.Add(agent);
        return agent;
    }

    private Task<(BackgroundProcess Relay, string Socket)> RelayToAsync(string agent) =>
        RelayAsync(SecureAgentProgram.FilePath, "relay", "--multiplex", "--to", agent);

    private Task<(BackgroundProcess Relay, string Socket)> RelayAsync(params string[] command) =>
        ServingAsync(path => ["relay", "--listen", path, "--", .. command]);

    private async Task<(BackgroundProcess Relay, string Socket)> ServingAsync(Func<string, string[]> arguments)
    {
        string socket = Home.File($"run/{Path.GetRandomFileName()}");
        BackgroundProcess relay = await SecureAgentProgram.Start(Home.Environment, arguments(socket))
            .ReadyAsync(started => started.Output.WaitForAsync(socket));
        _running.Add(relay);
        return (relay, socket);
    }
}
