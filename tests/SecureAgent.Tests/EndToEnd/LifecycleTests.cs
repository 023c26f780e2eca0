namespace SecureAgent.Tests.EndToEnd;

/// <summary>The agent's life: keys that come and go, one agent for one socket, and its end.</summary>
public sealed class LifecycleTests
{
    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task A_running_agent_notices_new_renamed_and_removed_keys(AgentKind agent)
    {
        Needs.Agent(agent);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(agent);
        (await world.Client.SshAddAsync("-l")).ExitedWith(1);

        await world.RunAsync("key", "new", "fresh", "--in", "tpm", "--type", "ecdsa-256", "--comment", "a fresh key");
        string file = await world.ListedAsync("fresh");
        Ran line = await new Command(world.Home.Environment, "ssh-keygen", "-l", "-f", file).RunAsync();
        Assert.Equal(line.Succeeded().Output, (await world.Client.SshAddAsync("-l")).Succeeded().Output);
        Assert.Equal(File.ReadAllText(file), (await world.Client.SshAddAsync("-L")).Succeeded().Output);
        (await world.Client.SignAsync(file, "a message\n")).Succeeded();

        await world.RunAsync("key", "rename", "fresh", "renamed");
        file = await world.ListedAsync("renamed");
        (await world.Client.SignAsync(file, "a message\n")).Succeeded();

        await world.RunAsync("key", "remove", "renamed", "--yes");
        await Deadline.UntilAsync(
            async () => (await world.Client.SshAddAsync("-l")).ExitCode == 1, () => "the agent still lists the key");
        Assert.Empty(Directory.GetFiles(world.Home.KeyDirectory));
    }

    [Fact]
    public async Task Two_agents_do_not_share_a_socket()
    {
        Needs.Agent(AgentKind.Simulator);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(AgentKind.Simulator);

        Ran second = await SecureAgentProgram.RunAsync(world.Home, AgentProgram.Arguments(world.Home, world.Tcti));

        Assert.Contains(world.Socket, second.ExitedWith(1).Error);
        (await world.Client.SshAddAsync("-l")).ExitedWith(1);
    }

    [Fact]
    public async Task The_socket_of_a_killed_agent_is_taken_over()
    {
        Needs.Agent(AgentKind.Simulator);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(AgentKind.Simulator);
        world.Program.Process.Signal(BackgroundProcess.SIGKILL);
        await world.Program.Process.EndAsync();
        Assert.True(File.Exists(world.Socket));

        await world.StartProgramAsync(world.Home.Environment);

        (await world.Client.SshAddAsync("-l")).ExitedWith(1);
    }

    [Theory]
    [InlineData(BackgroundProcess.SIGTERM, 0)]
    [InlineData(BackgroundProcess.SIGINT, 130)]
    public async Task A_signal_ends_the_agent_and_its_socket(int signal, int exitCode)
    {
        Needs.Agent(AgentKind.Simulator);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(AgentKind.Simulator);

        world.Program.Process.Signal(signal);

        (await world.Program.Process.EndAsync()).ExitedWith(exitCode);
        Assert.False(File.Exists(world.Socket));
    }

    [Fact]
    public async Task The_socket_is_for_its_owner_only()
    {
        Needs.Agent(AgentKind.Simulator);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(AgentKind.Simulator);

        Ran mode = await new Command(world.Home.Environment, "stat", "-c", "%a %F", world.Socket).RunAsync();

        Assert.Equal("600 socket\n", mode.Succeeded().Output);
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("ssh-add -l", 1)]
    [InlineData("ssh-add -l; test $? = 1 && test -S \"$SSH_AUTH_SOCK\"", 0)]
    public async Task With_a_command_the_agent_serves_it_and_ends_with_its_exit_code(string script, int exitCode)
    {
        Needs.Agent(AgentKind.Simulator);
        await using AgentWorld world = await AgentWorld.StartTpmOnlyAsync(AgentKind.Simulator);
        string[] run = AgentProgram.Arguments(world.Home, world.Tcti);

        (await SecureAgentProgram.RunAsync(world.Home, [.. run, "--", "sh", "-c", script])).ExitedWith(exitCode);

        Assert.False(File.Exists(world.Home.File("run/agent.sock")));
    }

    [Fact]
    public async Task Hwsim_try_gives_a_command_an_agent_with_a_key_in_a_TPM()
    {
        Needs.Agent(AgentKind.Simulator);
        using Home home = new();

        Ran ran = await new Command(
            home.Environment, SecureAgentProgram.HwSimPath, "try", "--", "ssh-add", "-l").RunAsync();

        Assert.Contains("(ECDSA)", ran.Succeeded().Output);
    }
}
