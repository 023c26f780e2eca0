using SecureAgent.HwSim.Piv;
using SecureAgent.HwSim.Servers;
using SecureAgent.Tests.HwSim;

namespace SecureAgent.Tests.EndToEnd.Piv;

/// <summary>A person with a YubiKey, which is a simulated card behind a real pcscd, and the programs that use it.</summary>
internal sealed class PivWorld : IAsyncDisposable
{
    /// <summary>The PIN of a new card.</summary>
    public const string Pin = "123456";

    /// <summary>The PUK of a new card.</summary>
    public const string Puk = "12345678";

    /// <summary>The management key of a new card.</summary>
    public const string ManagementKey = "010203040506070801020304050607080102030405060708";

    // The keys under test are on the card.
    private const string NoTpm = "swtpm:path=/nowhere/tpm.sock";

    private readonly PcscDaemon _daemon;
    private readonly VpcdCard _reader;
    private AgentProgram? _agent;

    private PivWorld(PcscDaemon daemon, PivCardOptions card)
    {
        _daemon = daemon;
        Card = new PivCard(card);
        _reader = new VpcdCard(Card, daemon.Readers[0].Port);
        Home.Askpass.Pin = Pin;
        Home.Environment["SECUREAGENT_TPM"] = NoTpm;
        foreach ((string name, string value) in daemon.Environs)
        {
            Home.Environment[name] = value;
        }
    }

    /// <summary>The person, whose PIN is that of a new card.</summary>
    public Home Home { get; } = new();

    /// <summary>The card in the reader.</summary>
    public PivCard Card { get; }

    /// <summary>The running agent.</summary>
    public AgentProgram Agent => _agent ?? throw new InvalidOperationException("The agent was not started.");

    /// <summary>OpenSSH's programs with the agent.</summary>
    public OpenSshClient Client => new(Home, Agent.Socket);

    /// <summary>Starts pcscd and puts a new card in.</summary>
    public static async Task<PivWorld> StartAsync(PivCardOptions? card = null)
    {
        Needs.LinuxWith("ssh-add", "ssh-keygen");
#pragma warning disable CA2000 // The world disposes it.
        PivWorld world = new(new PcscDaemon(), card ?? new PivCardOptions());
#pragma warning restore CA2000
        await world._reader.InsertAsync();
        return world;
    }

    /// <summary>Starts <c>secure-agent run</c>; it ends with this world.</summary>
    public async Task StartAgentAsync(IReadOnlyDictionary<string, string>? environment = null) =>
        _agent = await AgentProgram.StartAsync(Home, NoTpm, environment ?? Home.Environment);

    /// <summary>Runs a command of the program.</summary>
    public Task<Ran> RunAsync(params string[] arguments) =>
        SecureAgentProgram.RunAsync(_agent is null ? Home.Environment : Home.WithAgent(_agent.Socket), arguments);

    /// <summary>Makes the card a new one again, and forgets its public keys.</summary>
    public async Task EmptyAsync()
    {
        Home.Askpass.AnswerFirst();
        (await RunAsync("token", "reset", "--yes")).Succeeded();
        foreach (string file in Directory.EnumerateFiles(Home.KeyDirectory, "*.pub"))
        {
            File.Delete(file);
        }
    }

    /// <summary>Runs another program that uses cards, such as ykman, and expects it to succeed.</summary>
    public async Task<Ran> ToolAsync(string tool, params string[] arguments) =>
        (await new Command(Home.Environment, Requires.Tool(tool), arguments).RunAsync()).Succeeded();

    /// <summary>Runs ykman on the card, and expects it to succeed.</summary>
    public Task<Ran> YkmanAsync(params string[] arguments) =>
        ToolAsync("ykman", ["--device", $"{Card.Serial}", .. arguments]); // the second reader would be a second YubiKey

    /// <summary>Waits until the agent lists a key with a comment, and writes its public key to a file.</summary>
    /// <returns>The file's path.</returns>
    public async Task<string> ListedAsync(string comment)
    {
        string? line = null;
        await Deadline.UntilAsync(
            async () => (line = (await Client.SshAddAsync("-L")).Output.Split('\n')
                .FirstOrDefault(found => found.Split(' ', 3)[^1] == comment)) is not null,
            () => $"the agent does not list {comment}");
        return Home.Write($"tmp/{Path.GetRandomFileName()}.pub", line + "\n");
    }

    /// <summary>Authorises a key, and logs in with it and no other.</summary>
    public async Task LoginAsync(SshdServer sshd, string publicKeyFile)
    {
        sshd.Authorize(File.ReadAllText(publicKeyFile).TrimEnd('\n'));
        Ran ran = await Client.LoginAsync(sshd, publicKeyFile, "echo inside");
        Assert.Equal("inside\n", ran.Succeeded().Output);
    }

    /// <summary>Signs a message with <c>ssh-keygen -Y sign</c>, and has the signature verified.</summary>
    public async Task SignAsync(string publicKeyFile)
    {
        Ran signed = (await Client.SignAsync(publicKeyFile, "a message\n")).Succeeded();
        Ran verified = (await Client.VerifyAsync(publicKeyFile, "a message\n", signed.Output)).Succeeded();
        Assert.Contains("Good \"file\" signature for user@example.org", verified.Output);
    }

    /// <summary>Has git sign a commit, and verify it.</summary>
    public async Task CommitAsync(string publicKeyFile)
    {
        string repository = Home.PrivateDirectory($"tmp/{Path.GetRandomFileName()}");
        string signers = Home.Write($"{repository}.signers", $"user@example.org {File.ReadAllText(publicKeyFile)}");
        string[] settings =
        [
            "-c", "user.name=User", "-c", "user.email=user@example.org", "-c", "gpg.format=ssh",
            "-c", $"user.signingkey={publicKeyFile}", "-c", $"gpg.ssh.allowedSignersFile={signers}",
        ];
        (await Client.GitAsync(repository, "init", "--quiet", ".")).Succeeded();
        (await Client.GitAsync(repository, [.. settings, "commit", "-S", "--allow-empty", "-m", "Signed"])).Succeeded();
        Ran verified = (await Client.GitAsync(repository, [.. settings, "verify-commit", "HEAD"])).Succeeded();
        Assert.Contains("Good \"git\" signature for user@example.org", verified.Error);
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            // Shown where the test fails.
            TestContext.Current.TestOutputHelper?.WriteLine($"the log of {_agent.Socket}:\n{_agent.Log}");
            await _agent.DisposeAsync();
        }

        await _reader.DisposeAsync();
        _daemon.Dispose();
        Home.Dispose();
    }
}
