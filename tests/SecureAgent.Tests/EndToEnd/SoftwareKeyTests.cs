namespace SecureAgent.Tests.EndToEnd;

/// <summary>Key files in <c>secure-agent ssh-agent</c>, beside OpenSSH's.</summary>
[Collection(DropInWorlds.Name)]
public sealed class SoftwareKeyTests(KeyFiles keys)
{
    private Home Home => keys.Home;

    [Theory]
    [MemberData(nameof(KeyFiles.Types), MemberType = typeof(KeyFiles))]
    public async Task A_key_file_that_is_added_does_everything_that_it_does_in_OpenSSHs_agent(string type)
    {
        string file = await keys.KeyAsync(type);
        string alone = keys.Alone(file);
        string stranger = await keys.NamedAsync("stranger");
        SshdServer sshd = await keys.SshdAsync();
        sshd.Authorize(File.ReadAllText(alone));
        await using AgentPair agents = await AgentPair.StartAsync(Home);

        Assert.Equal(0, (await agents.SshAddAsync(file)).ExitCode);
        await agents.SshAddAsync("-l");
        await agents.SshAddAsync("-L");
        Assert.Equal(0, (await agents.SshAddAsync("-T", alone)).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-T", stranger + ".pub")).ExitCode);
        Ran login = await agents.SameAsync(agent => agent.Client.LoginAsync(sshd, alone, "echo inside"));
        Assert.Equal("inside\n", login.Output);
        Ran signed = (await agents.Ours.Client.SignAsync(alone, "a message\n")).Succeeded();
        (await agents.Ours.Client.VerifyAsync(alone, "a message\n", signed.Output)).Succeeded();

        // Added twice it is there once.
        await agents.SshAddAsync("-q", file);
        await agents.SshAddAsync("-q", stranger);
        await agents.SshAddAsync("-l");
        Assert.Equal(0, (await agents.SshAddAsync("-d", file)).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-d", file)).ExitCode);
        await agents.SshAddAsync("-l");
        Assert.Equal(1, (await agents.SshAddAsync("-T", alone)).ExitCode);
        await agents.SshAddAsync("-q", file);
        Assert.Equal(0, (await agents.SshAddAsync("-D")).ExitCode);
        Assert.Equal(1, (await agents.SshAddAsync("-l")).ExitCode);
        await agents.SameAsync(agent => agent.Client.LoginAsync(sshd, alone, "echo inside"));
    }

    [Fact]
    public async Task A_certificate_beside_the_key_file_is_added_with_it_and_logs_in()
    {
        string file = await keys.NamedAsync("certified");
        string authority = await keys.NamedAsync("authority");
        await KeygenAsync("-q", "-s", authority, "-I", "the-user", "-n", Environment.UserName, file + ".pub");
        SshdServer sshd = await keys.SshdAsync();
        sshd.Authorize();
        sshd.Trust(File.ReadAllText(authority + ".pub"));
        await using AgentPair agents = await AgentPair.StartAsync(Home);

        Assert.Equal(0, (await agents.SshAddAsync(file)).ExitCode);
        Assert.Contains("(ED25519-CERT)", (await agents.SshAddAsync("-l")).Output);
        await agents.SshAddAsync("-L");
        int mark = sshd.Log.Count;
        Ran login = await agents.Ours.Client.LoginAsync(sshd, null, "echo inside", "-o", "IdentityFile=none");
        Assert.Equal("inside\n", login.Succeeded().Output);
        Assert.Contains("ID the-user", await sshd.Log.WaitForAsync("Accepted publickey", mark));

        // Both go with the file, and -C adds the certificate alone, where this ssh-add knows it.
        await agents.SshAddAsync("-d", file);
        Assert.Equal(1, (await agents.SshAddAsync("-l")).ExitCode);
        Ran alone = await agents.SshAddAsync("-C", file);
        Ran listed = await agents.SshAddAsync("-l");
        bool knows = !alone.Error.Contains("usage", StringComparison.Ordinal);
        Assert.Equal(knows, listed.Output.Contains("ED25519-CERT", StringComparison.Ordinal));
        Assert.DoesNotContain("(ED25519)", listed.Output, StringComparison.Ordinal);
        sshd.Trust();
    }

    [Fact]
    public async Task A_certificate_authority_whose_key_is_in_the_agent_certifies()
    {
        string authority = await keys.NamedAsync("certifying");
        string user = await keys.NamedAsync("to-be-certified");
        string alone = keys.Alone(authority);
        SshdServer sshd = await keys.SshdAsync();
        sshd.Authorize();
        sshd.Trust(File.ReadAllText(alone));
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, Home);
        (await agent.Client.SshAddAsync("-q", authority)).Succeeded();

        (await new Command(Home.WithAgent(agent.Socket), "ssh-keygen", "-q", "-Us", alone,
            "-I", "by-agent", "-n", Environment.UserName, user + ".pub").RunAsync()).Succeeded();

        Ran login = await new OpenSshClient(Home, "none").LoginAsync(sshd, user, "echo inside");
        Assert.Equal("inside\n", login.Succeeded().Output);
        sshd.Trust();
    }

    [Fact]
    public async Task An_sshd_proves_itself_with_host_keys_that_only_the_agent_has()
    {
        Needs.LinuxWith("sshd", "ssh");
        string user = await keys.NamedAsync("visitor");
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, Home);
        SshdSetup setup = new()
        {
            PrepareAsync = async files =>
            {
                foreach (string file in files)
                {
                    (await agent.Client.SshAddAsync("-q", file)).Succeeded();
                    File.Delete(file);
                }

                return $"HostKeyAgent {agent.Socket}\n";
            },
        };
        await using SshdServer sshd = await SshdServer.StartAsync(setup);
        sshd.Authorize(File.ReadAllText(user + ".pub"));

        foreach (string algorithm in new[] { "ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "rsa-sha2-512" })
        {
            Ran login = await new OpenSshClient(Home, "none").LoginAsync(
                sshd, user, "echo inside", "-o", $"HostKeyAlgorithms={algorithm}");
            Assert.Equal("inside\n", login.Succeeded().Output);
        }
    }

    private async Task KeygenAsync(params string[] arguments) =>
        (await new Command(Home.Environment, "ssh-keygen", arguments).RunAsync()).Succeeded();
}
