namespace SecureAgent.Tests.EndToEnd;

/// <summary>A person with a running agent, and the keys that they make in it.</summary>
internal sealed class AgentWorld : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _running = [];

    private AgentWorld()
    {
    }

    /// <summary>The person, whose PIN is the one of <see cref="Askpass"/>.</summary>
    public Home Home { get; } = new();

    /// <summary>Where the agent listens.</summary>
    public string Socket { get; private set; } = "";

    /// <summary>The TPM's TCTI; empty for the control.</summary>
    public string Tcti { get; private set; } = "";

    /// <summary>The TPM.</summary>
    public TpmUnderTest Tpm => _running.OfType<TpmUnderTest>().Single();

    /// <summary>OpenSSH's programs with this agent.</summary>
    public OpenSshClient Client => new(Home, Socket);

    /// <summary>The program under test; the control has none.</summary>
    public AgentProgram Program => _running.OfType<AgentProgram>().Single();

    /// <summary>Starts an agent with one key of each kind.</summary>
    public static Task<AgentWorld> StartAsync(AgentKind kind) => StartAsync(async world =>
    {
        await (kind == AgentKind.OpenSsh ? world.StartOpenSshAsync() : world.StartTpmAsync(kind));
        foreach (KeyKind key in Enum.GetValues<KeyKind>())
        {
            await (kind == AgentKind.OpenSsh ? world.AddKeyFileAsync(key) : world.MakeKeyAsync(key));
        }

        if (kind != AgentKind.OpenSsh)
        {
            await world.StartProgramAsync(world.Home.Environment);
        }
    });

    /// <summary>Starts the program on a fresh TPM, without keys.</summary>
    public static Task<AgentWorld> StartEmptyAsync(AgentKind kind) =>
        StartTpmOnlyAsync(kind, world => world.StartProgramAsync(world.Home.Environment));

    /// <summary>Starts a fresh TPM, and then does what <paramref name="start"/> says.</summary>
    public static Task<AgentWorld> StartTpmOnlyAsync(AgentKind kind, Func<AgentWorld, Task>? start = null) =>
        StartAsync(async world =>
        {
            await world.StartTpmAsync(kind);
            await (start?.Invoke(world) ?? Task.CompletedTask);
        });

    /// <summary>From now on programs are started with that TPM.</summary>
    public void UseTpm(string tcti)
    {
        Tcti = tcti;
        Home.Environment["SECUREAGENT_TPM"] = tcti;
    }

    /// <summary>Runs a command of the program as this person, and expects it to succeed.</summary>
    public async Task<Ran> RunAsync(params string[] arguments) =>
        (await SecureAgentProgram.RunAsync(Home.WithAgent(Socket), arguments)).Succeeded();

    /// <summary>Starts the program; it ends with this world unless the test stops it before.</summary>
    public async Task<AgentProgram> StartProgramAsync(IReadOnlyDictionary<string, string> environment)
    {
        AgentProgram program = await AgentProgram.StartAsync(Home, Tcti, environment);
        _running.Add(program);
        Socket = program.Socket;
        return program;
    }

    /// <summary>Waits until the running agent lists the key of <c>NAME.pub</c>, and returns that file's path.</summary>
    public async Task<string> ListedAsync(string name)
    {
        string file = PublicKeyFile(name);
        string blob = File.ReadAllText(file).Split(' ')[1];
        await Deadline.UntilAsync(
            async () => (await Client.SshAddAsync("-L")).Output.Contains(blob, StringComparison.Ordinal),
            () => $"the agent does not list {name}");
        return file;
    }

    /// <summary>The fingerprint of a key, as ssh-keygen writes it.</summary>
    public async Task<string> FingerprintAsync(string name)
    {
        Ran ran = await new Command(Home.Environment, "ssh-keygen", "-l", "-f", PublicKeyFile(name)).RunAsync();
        return ran.Succeeded().Output.Split(' ')[1];
    }

    /// <summary>Makes a kind of key in the TPM by the command that a person uses.</summary>
    public Task<Ran> MakeKeyAsync(KeyKind kind) => kind switch
    {
        KeyKind.EcdsaWithPin => RunAsync("key", "new", Name(kind), "--in", "tpm", "--type", "ecdsa-256", "--pin"),
        KeyKind.Rsa => RunAsync("key", "new", Name(kind), "--in", "tpm", "--type", "rsa-2048"),
        _ => RunAsync("key", "seal", Name(kind)),
    };

    /// <summary>Makes a key pair with ssh-keygen, and returns the private file's path.</summary>
    public async Task<string> KeyFileAsync(string name, string passphrase, params string[] options)
    {
        string file = Home.File($"tmp/{name}");
        string[] arguments = ["-q", "-N", passphrase, "-C", name, "-f", file, .. options];
        (await new Command(Home.Environment, Requires.Tool("ssh-keygen"), arguments).RunAsync()).Succeeded();
        return file;
    }

    /// <summary>The public key file of a key.</summary>
    public string PublicKeyFile(string name) => Path.Combine(Home.KeyDirectory, name + ".pub");

    /// <summary>The public key file of a kind of key.</summary>
    public string PublicKeyFile(KeyKind kind) => PublicKeyFile(Name(kind));

    /// <summary>The authorized_keys line of a kind of key.</summary>
    public string PublicKey(KeyKind kind) => File.ReadAllText(PublicKeyFile(kind)).TrimEnd('\n');

    /// <summary>The name that a kind of key was given.</summary>
    public static string Name(KeyKind kind) => kind switch
    {
        KeyKind.EcdsaWithPin => "work",
        KeyKind.Rsa => "legacy",
        _ => "sealed",
    };

    public async ValueTask DisposeAsync()
    {
        foreach (AgentProgram program in _running.OfType<AgentProgram>())
        {
            // Shown where the test fails.
            TestContext.Current.TestOutputHelper?.WriteLine($"the log of {program.Socket}:\n{program.Log}");
        }

        foreach (IAsyncDisposable running in Enumerable.Reverse(_running))
        {
            await running.DisposeAsync();
        }

        Home.Dispose();
    }

    private static async Task<AgentWorld> StartAsync(Func<AgentWorld, Task> start)
    {
        AgentWorld world = new();
        try
        {
            await start(world);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    private async Task StartTpmAsync(AgentKind kind)
    {
        TpmUnderTest tpm = await TpmUnderTest.StartAsync(kind, Home);
        _running.Add(tpm);
        UseTpm(tpm.Tcti);
    }

    private async Task StartOpenSshAsync()
    {
        OpenSshAgent agent = await OpenSshAgent.StartAsync(Home);
        _running.Add(agent);
        Socket = agent.Socket;
    }

    private async Task AddKeyFileAsync(KeyKind kind)
    {
        string type = kind switch { KeyKind.EcdsaWithPin => "ecdsa", KeyKind.Rsa => "rsa", _ => "ed25519" };
        string file = await KeyFileAsync(Name(kind), "", "-t", type);
        (await Client.SshAddAsync("-q", file)).Succeeded();

        // The clients find only the public half: with the private one at hand they would not need the agent.
        File.Move(file + ".pub", PublicKeyFile(kind));
        File.Delete(file);
    }
}
