namespace SecureAgent.Tests.EndToEnd;

[Collection(ChangingWorlds.Name)]
public sealed class ImportTests(Worlds worlds)
{
    /// <summary>How ssh-keygen makes the key, for each TPM.</summary>
    public static TheoryData<AgentKind, string, string> Keys
    {
        get
        {
            TheoryData<AgentKind, string, string> rows = [];
            foreach (AgentKind agent in new[] { AgentKind.Swtpm, AgentKind.Simulator })
            {
                rows.Add(agent, "rsa-openssh", "-t rsa -b 2048");
                rows.Add(agent, "rsa-pkcs8", "-t rsa -b 2048 -m PKCS8");
                rows.Add(agent, "ecdsa-openssh", "-t ecdsa -b 256");
                rows.Add(agent, "ecdsa-384-pkcs8", "-t ecdsa -b 384 -m PKCS8");
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_key_of_ssh_keygen_with_a_passphrase_moves_into_the_TPM_and_logs_in(
        AgentKind agent, string name, string options)
    {
        SshdServer sshd = await worlds.SshdAsync();
        AgentWorld world = await worlds.EmptyAgentAsync(agent);
        string file = await world.KeyFileAsync(name, world.Home.Askpass.Passphrase, options.Split(' '));
        string publicKey = File.ReadAllText(file + ".pub");

        await world.RunAsync("key", "import", name, file, "--in", "tpm");

        string imported = await world.ListedAsync(name);
        Assert.Equal(publicKey.Split(' ')[..2], File.ReadAllText(imported).Split(' ')[..2]);
        sshd.Authorize(publicKey);
        Ran ran = await world.Client.LoginAsync(sshd, imported, "echo inside");
        Assert.Equal("inside\n", ran.Succeeded().Output);
        await world.RunAsync("key", "remove", name, "--yes");
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task A_sealed_key_of_ssh_keygen_stays_the_same_key(AgentKind agent)
    {
        AgentWorld world = await worlds.EmptyAgentAsync(agent);
        string file = await world.KeyFileAsync($"mine-{agent}", world.Home.Askpass.Passphrase, "-t", "ed25519");

        await world.RunAsync("key", "seal", "mine", file);

        string sealedKey = await world.ListedAsync("mine");
        Assert.Equal(File.ReadAllText(file + ".pub").Split(' ')[1], File.ReadAllText(sealedKey).Split(' ')[1]);
        Ran signed = (await world.Client.SignAsync(sealedKey, "a message\n")).Succeeded();
        (await world.Client.VerifyAsync(file + ".pub", "a message\n", signed.Output)).Succeeded();
        await world.RunAsync("key", "remove", "mine", "--yes");
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task A_wrong_passphrase_imports_nothing(AgentKind agent)
    {
        AgentWorld world = await worlds.EmptyAgentAsync(agent);
        string file = await world.KeyFileAsync($"guarded-{agent}", "the right one", "-t", "ecdsa");

        Ran ran = await SecureAgentProgram.RunAsync(world.Home, "key", "import", "guarded", file, "--in", "tpm");

        Assert.NotEqual(0, ran.ExitCode);
        Assert.Contains("passphrase", ran.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(Directory.GetFiles(world.Home.KeyDirectory, "guarded*"));
    }
}
