namespace SecureAgent.Tests.EndToEnd;

/// <summary>OpenSSH's agent behind ours, <c>secure-agent run --upstream</c>.</summary>
public sealed class UpstreamAgentTests(SshNetwork network) : IClassFixture<SshNetwork>, IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _running = [];

    private Home Home => network.Home;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable running in Enumerable.Reverse(_running))
        {
            await running.DisposeAsync();
        }
    }

    [Fact]
    public async Task Its_keys_are_listed_after_ours_and_log_in()
    {
        (BackgroundProcess agent, string socket, OpenSshAgent upstream) = await StartAsync();
        string ours = await KeyAsync("ours");
        (await new OpenSshClient(Home, upstream.Socket).SshAddAsync("-q", network.Key)).Succeeded();
        OpenSshClient client = new(Home, socket);
        (await client.SshAddAsync("-q", ours)).Succeeded();

        string[] listed = (await client.SshAddAsync("-L")).Succeeded().Output.TrimEnd().Split('\n');

        Assert.Equal([PublicLine(ours), PublicLine(network.Key)], listed);
        (await TravelAsync(socket, "a")).Succeeded();
        Assert.False(agent.Error.Contains("does not answer"));
    }

    [Fact]
    public async Task Its_keys_for_certain_hosts_know_the_hosts_that_our_clients_reach()
    {
        (_, string socket, OpenSshAgent upstream) = await StartAsync();
        (await new OpenSshClient(Home, upstream.Socket).SshAddAsync(
            "-q", "-h", "host_a", "-h", "host_a>host_b", "-H", network.KnownHosts, network.Key)).Succeeded();

        Ran ran = (await TravelAsync(socket, "ab")).Succeeded();

        Assert.Equal("here: the key\na: the key\nb: The agent has no identities.\n", ran.Output);
        (await TravelAsync(socket, "b")).ExitedWith(255);
        (await TravelAsync(socket, "ac")).ExitedWith(255);
    }

    [Fact]
    public async Task While_it_is_gone_ours_goes_on_and_when_it_is_back_so_are_its_keys()
    {
        (BackgroundProcess agent, string socket, OpenSshAgent upstream) = await StartAsync();
        string ours = await KeyAsync("ours");
        OpenSshClient client = new(Home, socket);
        (await client.SshAddAsync("-q", ours)).Succeeded();
        (await new OpenSshClient(Home, upstream.Socket).SshAddAsync("-q", network.Key)).Succeeded();
        Assert.Contains("traveller", (await client.SshAddAsync("-L")).Succeeded().Output);

        await upstream.DisposeAsync();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(PublicLine(ours) + "\n", (await client.SshAddAsync("-L")).Succeeded().Output);
        }

        (await client.SshAddAsync("-T", ours + ".pub")).Succeeded();
        Assert.Single(agent.Error.ToString().Split('\n'), line => line.Contains("does not answer"));

        OpenSshAgent again = await OpenSshAgent.StartAsync(Home);
        _running.Add(again);
        (await new OpenSshClient(Home, again.Socket).SshAddAsync("-q", network.Key)).Succeeded();
        Assert.Contains("traveller", (await client.SshAddAsync("-L")).Succeeded().Output);
        await agent.Error.WaitForAsync("answers again");
    }

    [Fact]
    public async Task An_agent_is_no_upstream_of_itself_by_whatever_path()
    {
        Needs.LinuxWith("ssh", "sshd");
        string socket = Home.File("own.sock");
        string link = Home.File("link.sock");
        File.CreateSymbolicLink(link, socket);
        foreach (string path in (string[])[socket, link, Home.File("./own.sock")])
        {
            Ran ran = (await SecureAgentProgram.RunAsync(Home, "run", "--socket", socket, "--upstream", path))
                .ExitedWith(78);

            Assert.Contains("is this agent itself", ran.Error);
            Assert.False(File.Exists(socket));
        }
    }

    private static string PublicLine(string file) => File.ReadAllText(file + ".pub").TrimEnd('\n');

    private Task<Ran> TravelAsync(string socket, string route) => network.TravelAsync(socket, route);

    private async Task<(BackgroundProcess Agent, string Socket, OpenSshAgent Upstream)> StartAsync()
    {
        Needs.LinuxWith("ssh", "sshd", "ssh-agent", "ssh-add");
        OpenSshAgent upstream = await OpenSshAgent.StartAsync(Home);
        _running.Add(upstream);
        string socket = Home.File($"run/{Path.GetRandomFileName()}");
        BackgroundProcess agent = await SecureAgentProgram
            .Start(Home.Environment, "run", "--socket", socket, "--upstream", upstream.Socket)
            .ReadyAsync(started => started.Output.WaitForAsync(socket));
        _running.Add(agent);
        return (agent, socket, upstream);
    }

    private async Task<string> KeyAsync(string name)
    {
        string file = Home.File($"tmp/{name}-{Path.GetRandomFileName()}");
        string[] arguments = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file];
        (await new Command(Home.Environment, "ssh-keygen", arguments).RunAsync()).Succeeded();
        return file;
    }
}
