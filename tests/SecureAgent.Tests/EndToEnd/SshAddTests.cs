namespace SecureAgent.Tests.EndToEnd;

/// <summary>ssh-add must not see a difference: the same two keys are put into OpenSSH's agent and into the TPM, and
/// then
/// the same commands are given to both.</summary>
public sealed class SshAddTests
{
    private const string NoIdentities = "The agent has no identities.\n";

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task Ssh_add_sees_what_it_sees_with_OpenSSHs_agent(AgentKind agent)
    {
        Needs.Agent(agent);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(agent);
        await using OpenSshAgent reference = await OpenSshAgent.StartAsync(world.Home);
        OpenSshClient theirs = new(world.Home, reference.Socket);
        string ecdsa = await world.KeyFileAsync("a-ecdsa", "", "-t", "ecdsa");
        string rsa = await world.KeyFileAsync("b-rsa", "", "-t", "rsa", "-b", "2048");
        string stranger = await world.KeyFileAsync("stranger", "", "-t", "ed25519");
        await SameAsync("-l");
        await SameAsync("-L");
        await SameAsync("-D");
        foreach (string file in new[] { ecdsa, rsa })
        {
            (await theirs.SshAddAsync("-q", file)).Succeeded();
            await world.RunAsync("key", "import", Path.GetFileName(file), file, "--in", "tpm");
            await world.ListedAsync(Path.GetFileName(file));
            File.Delete(file);
        }

        await SameAsync("-l");
        await SameAsync("-L");
        await SameAsync("-l", "-E", "md5");
        await SameAsync("-T", ecdsa + ".pub");
        await SameAsync("-T", rsa + ".pub");
        await SameAsync("-T", ecdsa + ".pub", rsa + ".pub");
        await SameAsync("-T", stranger + ".pub");
        await SameAsync("-d", stranger + ".pub");

        // Locked: nothing is listed or signed, and it cannot be locked twice.
        await SameAsync("-x");
        Assert.Equal(NoIdentities, (await SameAsync("-l")).Output);
        await SameAsync("-L");
        await SameAsync("-T", ecdsa + ".pub");
        await SameAsync("-d", ecdsa + ".pub");
        await SameAsync("-x");
        string right = world.Home.Askpass.Passphrase;
        world.Home.Askpass.Passphrase = "not " + right;
        Assert.NotEqual(0, (await SameAsync("-X")).ExitCode);
        world.Home.Askpass.Passphrase = right;
        Assert.Equal(0, (await SameAsync("-X")).ExitCode);
        await SameAsync("-X");
        await SameAsync("-l");

        await SameAsync("-d", ecdsa + ".pub");
        await SameAsync("-l");
        await SameAsync("-T", ecdsa + ".pub");
        await SameAsync("-d", ecdsa + ".pub");
        await SameAsync("-D");
        Assert.Equal(NoIdentities, (await SameAsync("-l")).Output);

        async Task<Ran> SameAsync(params string[] arguments)
        {
            Ran expected = await theirs.SshAddAsync(arguments);
            Ran seen = await world.Client.SshAddAsync(arguments);
            Assert.Equal(expected with { Command = "" }, seen with { Command = "" });
            return seen;
        }
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task What_ssh_add_removes_is_back_after_a_restart_of_the_agent(AgentKind agent)
    {
        Needs.Agent(agent);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(agent);
        await world.RunAsync("key", "new", "kept", "--in", "tpm", "--type", "ecdsa-256");
        string file = await world.ListedAsync("kept");
        (await world.Client.SshAddAsync("-d", file)).Succeeded();
        Assert.Equal(NoIdentities, (await world.Client.SshAddAsync("-l")).ExitedWith(1).Output);

        await world.Program.DisposeAsync();
        await world.StartProgramAsync(world.Home.Environment);

        await world.ListedAsync("kept");
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task Ssh_add_finds_no_agent_once_it_has_ended(AgentKind agent)
    {
        Needs.Agent(agent);
        await using AgentWorld world = await AgentWorld.StartEmptyAsync(agent);
        (await world.Client.SshAddAsync("-l")).ExitedWith(1);

        await world.Program.DisposeAsync();

        Assert.Contains("Error connecting to agent", (await world.Client.SshAddAsync("-l")).ExitedWith(2).Error);
    }
}
