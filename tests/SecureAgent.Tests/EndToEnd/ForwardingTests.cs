namespace SecureAgent.Tests.EndToEnd;

[Collection(SharedWorlds.Name)]
public sealed class ForwardingTests(Worlds worlds)
{
    [Theory]
    [MemberData(nameof(Matrix.Agents), MemberType = typeof(Matrix))]
    public async Task A_forwarded_connection_lists_and_signs(AgentKind agent)
    {
        (SshdServer sshd, AgentWorld world) = await ReadyAsync(agent);
        string local = (await world.Client.SshAddAsync("-L")).Succeeded().Output;
        string file = world.PublicKeyFile(KeyKind.SealedEd25519);

        Ran listed = await ForwardAsync(sshd, world, "ssh-add -L");
        Ran signed = await ForwardAsync(sshd, world, $"echo a message | ssh-keygen -Y sign -q -n file -f {file}");

        Assert.Equal(local, listed.Succeeded().Output);
        (await world.Client.VerifyAsync(file, "a message\n", signed.Succeeded().Output)).Succeeded();
    }

    [Theory]
    [InlineData(AgentKind.Swtpm, "ssh-add -D")]
    [InlineData(AgentKind.Swtpm, "ssh-add -d KEY")]
    [InlineData(AgentKind.Swtpm, "ssh-add -x")]
    [InlineData(AgentKind.Simulator, "ssh-add -D")]
    [InlineData(AgentKind.Simulator, "ssh-add -d KEY")]
    [InlineData(AgentKind.Simulator, "ssh-add -x")]
    public async Task A_forwarded_connection_neither_removes_nor_locks(AgentKind agent, string command)
    {
        (SshdServer sshd, AgentWorld world) = await ReadyAsync(agent);
        string local = (await world.Client.SshAddAsync("-L")).Succeeded().Output;
        string askpass = $"SSH_ASKPASS={world.Home.Environment["SSH_ASKPASS"]} SSH_ASKPASS_REQUIRE=force";
        int mark = world.Program.Log.Count;

        command = command.Replace("KEY", world.PublicKeyFile(KeyKind.Rsa), StringComparison.Ordinal);
        Ran ran = await ForwardAsync(sshd, world, $"{askpass} {command}");

        Assert.NotEqual(0, ran.ExitCode);
        Assert.NotEqual(255, ran.ExitCode);
        Assert.Equal(local, (await world.Client.SshAddAsync("-L")).Succeeded().Output);
        await world.Program.Log.WaitForAsync("Forwarded", mark);
    }

    private async Task<(SshdServer Sshd, AgentWorld World)> ReadyAsync(AgentKind agent)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.AgentAsync(agent);
        sshd.Authorize(world.PublicKey(KeyKind.Rsa));
        return (sshd, world);
    }

    private static Task<Ran> ForwardAsync(SshdServer sshd, AgentWorld world, string command) =>
        world.Client.LoginAsync(sshd, world.PublicKeyFile(KeyKind.Rsa), command, "-o", "ForwardAgent=yes");
}
