namespace SecureAgent.Tests.EndToEnd;

[Collection(SharedWorlds.Name)]
public sealed class LoginTests(Worlds worlds)
{
    [Theory]
    [MemberData(nameof(Matrix.AgentsAndKeys), MemberType = typeof(Matrix))]
    [Trait("Promise", "tests on simulators")]
    public async Task A_key_of_the_agent_logs_in_over_real_ssh(AgentKind agent, KeyKind key)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.AgentAsync(agent);
        sshd.Authorize(world.PublicKey(key));
        int mark = sshd.Log.Count;

        Ran ran = await world.Client.LoginAsync(sshd, world.PublicKeyFile(key), "echo inside");

        Assert.Equal("inside\n", ran.Succeeded().Output);
        string accepted = await sshd.Log.WaitForAsync("Accepted publickey", mark);
        Assert.Contains(await world.FingerprintAsync(AgentWorld.Name(key)), accepted);
    }

    [Theory]
    [MemberData(nameof(Matrix.Agents), MemberType = typeof(Matrix))]
    public async Task A_key_that_the_server_does_not_know_is_turned_away(AgentKind agent)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.AgentAsync(agent);
        sshd.Authorize(world.PublicKey(KeyKind.Rsa));

        Ran ran = await world.Client.LoginAsync(sshd, world.PublicKeyFile(KeyKind.SealedEd25519), "echo inside");

        Assert.Contains("Permission denied", ran.ExitedWith(255).Error);
        Assert.Equal("", ran.Output);
    }

    [Theory]
    [MemberData(nameof(Matrix.Agents), MemberType = typeof(Matrix))]
    public async Task Ssh_finds_the_key_by_itself_among_those_listed(AgentKind agent)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.AgentAsync(agent);
        sshd.Authorize(world.PublicKey(KeyKind.SealedEd25519));

        Ran ran = await world.Client.LoginAsync(sshd, publicKeyFile: null, "echo inside", "-o", "IdentityFile=none");

        Assert.Equal("inside\n", ran.Succeeded().Output);
    }

    [Theory]
    [InlineData(AgentKind.OpenSsh, "rsa-sha2-256")]
    [InlineData(AgentKind.OpenSsh, "rsa-sha2-512")]
    [InlineData(AgentKind.Swtpm, "rsa-sha2-256")]
    [InlineData(AgentKind.Swtpm, "rsa-sha2-512")]
    [InlineData(AgentKind.Simulator, "rsa-sha2-256")]
    [InlineData(AgentKind.Simulator, "rsa-sha2-512")]
    public async Task An_RSA_key_logs_in_with_both_SHA_2_algorithms(AgentKind agent, string algorithm)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.AgentAsync(agent);
        sshd.Authorize(world.PublicKey(KeyKind.Rsa));

        Ran ran = await world.Client.LoginAsync(sshd, world.PublicKeyFile(KeyKind.Rsa), "echo inside",
            "-v", "-o", $"PubkeyAcceptedAlgorithms={algorithm}");

        Assert.Equal("inside\n", ran.Succeeded().Output);
        Assert.DoesNotContain("agent refused", ran.Error);
    }

    [Theory]
    [InlineData(AgentKind.OpenSsh, true)]
    [InlineData(AgentKind.Swtpm, false)]
    [InlineData(AgentKind.Simulator, false)]
    public async Task An_RSA_key_does_not_log_in_with_SHA_1_where_the_server_would_take_it(AgentKind agent, bool logsIn)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.AgentAsync(agent);
        sshd.Authorize(world.PublicKey(KeyKind.Rsa));

        Ran ran = await world.Client.LoginAsync(sshd, world.PublicKeyFile(KeyKind.Rsa), "echo inside",
            "-o", "PubkeyAcceptedAlgorithms=ssh-rsa");

        Assert.Equal(logsIn ? "inside\n" : "", ran.Output);
        Assert.Equal(!logsIn, ran.Error.Contains("agent refused operation", StringComparison.Ordinal));
    }
}
