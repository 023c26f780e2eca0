namespace SecureAgent.Tests.EndToEnd;

[Collection(ChangingWorlds.Name)]
public sealed class CertificateTests(Worlds worlds)
{
    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task A_certificate_beside_the_key_logs_in_where_the_key_alone_may_not(AgentKind agent)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.EmptyAgentAsync(agent);
        string authority = await world.KeyFileAsync($"authority-{agent}", "", "-t", "ed25519");
        await world.RunAsync("key", "new", "certified", "--in", "tpm", "--type", "ecdsa-256");
        string file = await world.ListedAsync("certified");
        sshd.Authorize();
        sshd.Trust(File.ReadAllText(authority + ".pub"));
        (await world.Client.LoginAsync(sshd, file, "echo inside")).ExitedWith(255);

        (await new Command(world.Home.Environment, "ssh-keygen", "-q", "-s", authority, "-I", "the-user",
            "-n", Environment.UserName, "-V", "-1m:+1h", file).RunAsync()).Succeeded();
        string certificate = Path.Combine(world.Home.KeyDirectory, "certified-cert.pub");
        string elsewhere = world.Home.File($"tmp/{agent}-cert.pub");
        File.Move(certificate, elsewhere);
        await world.RunAsync("key", "cert", "certified", elsewhere);
        string blob = File.ReadAllText(elsewhere).Split(' ')[1];
        await Deadline.UntilAsync(
            async () => (await world.Client.SshAddAsync("-L")).Output.Contains(blob, StringComparison.Ordinal),
            () => "the agent does not list the certificate");

        // No file is given: the agent alone offers the certificate.
        int mark = sshd.Log.Count;
        Ran ran = await world.Client.LoginAsync(sshd, publicKeyFile: null, "echo inside", "-o", "IdentityFile=none");
        Assert.Equal("inside\n", ran.Succeeded().Output);
        Assert.Contains("ID the-user", await sshd.Log.WaitForAsync("Accepted publickey", mark));
        Assert.Contains("(ECDSA-CERT)", (await world.Client.SshAddAsync("-l")).Output);

        sshd.Trust();
        await world.RunAsync("key", "remove", "certified", "--yes");
    }
}
