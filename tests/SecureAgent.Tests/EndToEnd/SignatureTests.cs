namespace SecureAgent.Tests.EndToEnd;

[Collection(SharedWorlds.Name)]
public sealed class SignatureTests(Worlds worlds)
{
    [Theory]
    [MemberData(nameof(Matrix.AgentsAndKeys), MemberType = typeof(Matrix))]
    public async Task Ssh_keygen_signs_with_a_key_of_the_agent_and_verifies(AgentKind agent, KeyKind key)
    {
        AgentWorld world = await worlds.AgentAsync(agent);
        string file = world.PublicKeyFile(key);

        Ran signed = (await world.Client.SignAsync(file, "a message\n")).Succeeded();

        Assert.StartsWith("-----BEGIN SSH SIGNATURE-----", signed.Output);
        Ran verified = (await world.Client.VerifyAsync(file, "a message\n", signed.Output)).Succeeded();
        Assert.Contains("Good \"file\" signature for user@example.org", verified.Output);
        (await world.Client.VerifyAsync(file, "another message\n", signed.Output)).ExitedWith(255);
    }

    [Theory]
    [MemberData(nameof(Matrix.AgentsAndKeys), MemberType = typeof(Matrix))]
    public async Task Git_signs_a_commit_with_a_key_of_the_agent_and_verifies(AgentKind agent, KeyKind key)
    {
        Needs.LinuxWith("git");
        AgentWorld world = await worlds.AgentAsync(agent);
        string repository = world.Home.PrivateDirectory($"tmp/{Path.GetRandomFileName()}");
        string signers = world.Home.Write($"{repository}.signers", $"user@example.org {world.PublicKey(key)}\n");
        string[][] preparation =
        [
            ["init", "--quiet", "."],
            ["config", "user.name", "User"],
            ["config", "user.email", "user@example.org"],
            ["config", "gpg.format", "ssh"],
            ["config", "user.signingkey", world.PublicKeyFile(key)],
            ["config", "gpg.ssh.allowedSignersFile", signers],
        ];
        foreach (string[] arguments in preparation)
        {
            (await world.Client.GitAsync(repository, arguments)).Succeeded();
        }

        (await world.Client.GitAsync(repository, "commit", "-S", "--allow-empty", "-m", "A signed commit")).Succeeded();

        Ran verified = (await world.Client.GitAsync(repository, "verify-commit", "HEAD")).Succeeded();
        Assert.Contains("Good \"git\" signature for user@example.org", verified.Error);
    }

    [Theory]
    [MemberData(nameof(Matrix.AgentsAndKeys), MemberType = typeof(Matrix))]
    public async Task Ssh_keygen_signs_certificates_with_a_key_of_the_agent(AgentKind agent, KeyKind key)
    {
        AgentWorld world = await worlds.AgentAsync(agent);
        string file = await world.KeyFileAsync($"certified-{agent}-{key}", "", "-t", "ed25519");

        (await new Command(world.Home.WithAgent(world.Socket), "ssh-keygen", "-q", "-U", "-s", world.PublicKeyFile(key),
            "-I", "the-user", "-n", "user", file + ".pub").RunAsync()).Succeeded();

        // ssh-keygen verifies the authority's signature when it reads a certificate.
        Ran shown = await new Command(world.Home.Environment, "ssh-keygen", "-L", "-f", file + "-cert.pub").RunAsync();
        Assert.Contains("Key ID: \"the-user\"", shown.Succeeded().Output);
    }
}
