namespace SecureAgent.Tests.EndToEnd;

/// <summary>Keys that were added for certain hosts, <c>ssh-add -h</c>, on real ways through one to three hosts;
/// OpenSSH's agent, asked the same, says what is right.</summary>
public sealed class RestrictionTests(SshNetwork network) : IClassFixture<SshNetwork>
{
    private const string Here = "here: the key\n";
    private const string Nothing = "The agent has no identities.\n";

    [Theory]
    [InlineData("host_a", "a", "bc")]
    [InlineData("host_b", "b", "a")]
    [InlineData("host_c", "c", "a")]
    [InlineData("*@host_a", "a", "")]
    [InlineData("USER@host_a", "a", "")]
    [InlineData("nobody-else@host_a", "", "a")]
    [InlineData("host_a host_b", "a b", "ab")]
    public async Task A_key_for_a_host_logs_in_there_and_nowhere_else_and_is_not_seen_from_there(
        string constraints, string reached, string refused)
    {
        await using AgentPair agents = await StartAsync(constraints);
        foreach (string route in reached.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Equal($"{Here}{route}: {Nothing}", (await TravelAsync(agents, route)).Succeeded().Output);
        }

        foreach (string route in constraints.Contains(' ') ? [refused] : refused.Select(host => $"{host}").ToArray())
        {
            (await TravelAsync(agents, route)).ExitedWith(255);
        }
    }

    [Theory]
    [InlineData("host_a host_a>host_b", "ab", "here: the key\na: the key\nb: NOTHING")]
    [InlineData("host_a host_a>host_b host_b>host_c", "abc", "here: the key\na: the key\nb: the key\nc: NOTHING")]
    [InlineData("host_a host_a>USER@host_c", "ac", "here: the key\na: the key\nc: NOTHING")]
    [InlineData("host_c host_c>host_b host_b>host_a", "cba", "here: the key\nc: the key\nb: the key\na: NOTHING")]
    [Trait("Promise", "destination constraints")]
    public async Task A_key_for_a_way_through_hosts_goes_that_way(string constraints, string route, string seen)
    {
        await using AgentPair agents = await StartAsync(constraints);

        Ran ran = await TravelAsync(agents, route);

        Assert.Equal(seen.Replace("NOTHING", Nothing, StringComparison.Ordinal), ran.Succeeded().Output);
    }

    [Theory]
    [InlineData("host_a host_a>host_b", "b", "here: the key\n")]
    [InlineData("host_a host_a>host_b", "ac", "here: the key\na: the key\n")]
    [InlineData("host_a host_a>nobody-else@host_b", "ab", "here: the key\na: the key\n")]
    [InlineData("host_a host_a>host_b host_b>host_c", "ac", "here: the key\na: the key\n")]
    [InlineData("host_a host_a>host_b host_b>host_c", "aba", "here: the key\na: the key\nb: the key\n")]
    [InlineData("host_a host_b>host_c", "ab", "here: the key\na: NOTHING")]
    [Trait("Promise", "destination constraints")]
    public async Task A_key_for_a_way_through_hosts_does_not_leave_it(string constraints, string route, string seen)
    {
        await using AgentPair agents = await StartAsync(constraints);

        Ran ran = await TravelAsync(agents, route);

        Assert.Equal(seen.Replace("NOTHING", Nothing, StringComparison.Ordinal), ran.ExitedWith(255).Output);
    }

    [Fact]
    public async Task A_key_without_constraints_goes_everywhere_and_is_seen_everywhere()
    {
        await using AgentPair agents = await StartAsync("");

        Ran ran = await TravelAsync(agents, "abc");

        Assert.Equal("here: the key\na: the key\nb: the key\nc: the key\n", ran.Succeeded().Output);
    }

    [Fact]
    public async Task A_constraint_on_a_host_that_is_not_known_adds_nothing()
    {
        await using AgentPair agents = await StartAsync(null);

        Ran ran = await agents.SshAddAsync("-h", "host_x", "-H", network.KnownHosts, network.Key);

        Assert.NotEqual(0, ran.ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-l")).ExitCode);
    }

    [Fact]
    public async Task A_key_for_a_host_signs_no_files()
    {
        await using AgentPair agents = await StartAsync("host_a");

        Assert.NotEqual(0, (await agents.SshAddAsync("-T", network.Key + ".pub")).ExitCode);
        Assert.NotEqual(0, (await agents.Ours.Client.SignAsync(network.Key + ".pub", "a message")).ExitCode);
    }

    [Theory]
    [InlineData("-s /tmp/evil.so")]
    [InlineData("-e /tmp/evil.so")]
    [InlineData("-D")]
    [InlineData("-x")]
    [Trait("Promise", "session-bind and forwarded awareness")]
    public async Task A_forwarded_connection_changes_nothing(string option)
    {
        await using AgentPair agents = await StartAsync("");
        string askpass = network.Home.Environment["SSH_ASKPASS"];
        string command = $"SSH_ASKPASS='{askpass}' SSH_ASKPASS_REQUIRE=force {Requires.Tool("ssh-add")} {option}";

        Ran ran = await network.RunAsync(agents.Ours, 'a', command);

        Assert.Equal(1, ran.ExitCode);
        await agents.Ours.Process.Error.WaitForAsync("refused");
        Assert.Contains("traveller", (await agents.Ours.Client.SshAddAsync("-l")).Succeeded().Output);
    }

    private async Task<AgentPair> StartAsync(string? constraints)
    {
        Needs.LinuxWith("ssh", "sshd", "ssh-agent", "ssh-add", "ssh-keygen");
        AgentPair agents = await AgentPair.StartAsync(network.Home);
        if (constraints is not null)
        {
            string[] options = [.. constraints.Replace("USER", Environment.UserName, StringComparison.Ordinal)
                .Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(host => new[] { "-h", host })];
            Ran added = await agents.SshAddAsync(["-q", .. options, "-H", network.KnownHosts, network.Key]);
            added.Succeeded();
        }

        return agents;
    }

    private Task<Ran> TravelAsync(AgentPair agents, string route) =>
        agents.SameAsync(agent => network.TravelAsync(agent.Socket, route));
}
