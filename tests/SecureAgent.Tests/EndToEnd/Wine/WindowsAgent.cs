using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;
using SecureAgent.Tests.Backends.Tpm;
using SecureAgent.Wire;

namespace SecureAgent.Tests.EndToEnd.Wine;

/// <summary>One Windows agent that serves every channel, with a key sealed by a TPM and whatever ssh-add gives it, and the
/// ways of Linux programs to it.</summary>
internal sealed class WindowsAgent : IAsyncDisposable
{
    private const string KeyName = "sealed";

    private readonly List<IAsyncDisposable> _running = [];

    private WindowsAgent(WineWorld world) => World = world;

    public WineWorld World { get; }

    /// <summary>The person on the Linux side.</summary>
    public Home Home => World.Home;

    /// <summary>The agent's own process.</summary>
    public BackgroundProcess Process { get; private set; } = null!;

    /// <summary>Public half of the key that the TPM sealed.</summary>
    public string TpmKey => Path.Combine(Home.KeyDirectory, KeyName + ".pub");

    /// <summary>Endpoints by the channel's name, as the agent printed them.</summary>
    public Dictionary<string, string> Endpoints { get; } = [];

    /// <summary>Where the agent's Cygwin socket file is for Linux.</summary>
    public string CygwinFile => World.LinuxPath(Endpoints["cygwin"].Replace('/', '\\'));

    /// <summary>Starts one.</summary>
    /// <param name="world">Where.</param>
    public static async Task<WindowsAgent> StartAsync(WineWorld world)
    {
        WindowsAgent agent = new(world);
        try
        {
            TpmUnderTest tpm = await TpmUnderTest.StartAsync(AgentKind.Simulator, world.Home);
            agent._running.Add(tpm);
            Seal(TpmTcti.Parse(tpm.Tcti), world.Home.KeyDirectory);
            agent.Process = WineWorld.Start(
                world.Environment, "run", "--tpm", tpm.Tcti, "--key-dir", WineWorld.WindowsPath(world.Home.KeyDirectory));
            agent._running.Add(agent.Process);
            foreach (string channel in new[] { "user-pipe", "openssh-pipe", "pageant-pipe", "pageant", "cygwin" })
            {
                string line = await agent.Process.Output.WaitForAsync(channel + ": ");
                agent.Endpoints[channel] = line[(channel.Length + 2)..].TrimEnd();
            }

            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>How the program is told of a channel as a client of it.</summary>
    public string Endpoint(string channel) => channel switch
    {
        "pageant" or "pageant-pipe" => channel,
        "cygwin" => "cygwin:" + Endpoints[channel],
        _ => Endpoints[channel],
    };

    /// <summary>Starts the relay for WSL2, whose other half reaches the agent by that channel.</summary>
    /// <returns>Its socket.</returns>
    public Task<string> RelayAsync(string channel) => ListenAsync(socket =>
        ["relay", "--listen", socket, "--", "wine", WineWorld.Program, "relay", "--multiplex", "--to", Endpoint(channel)]);

    public async ValueTask DisposeAsync()
    {
        // Shown where the test fails.
        foreach (BackgroundProcess process in _running.OfType<BackgroundProcess>())
        {
            IEnumerable<string> lines = process.Error.ToString().Split('\n')
                .Where(line => !line.Contains("secure-agent: sign: ", StringComparison.Ordinal));
            TestContext.Current.TestOutputHelper?.WriteLine($"{process.Output}{string.Join('\n', lines)}");
        }

        foreach (IAsyncDisposable running in Enumerable.Reverse(_running))
        {
            await running.DisposeAsync();
        }
    }

    /// <summary>Seals an Ed25519 key under the RSA storage key: the session with the ECC one, which is the usual parent, takes
    /// a curve that .NET does not have over the CNG of Wine 8.</summary>
    private static void Seal(TpmTcti tcti, string directory)
    {
        using TpmConnection tpm = new(TestTpm.Options(tcti.Open));
        byte[] seed = RandomNumberGenerator.GetBytes(Ed25519.SeedSizeBytes);
        string line = OpenSshPublicKeyLine.Format(new Ed25519PublicKey(Ed25519.PublicKeyOf(seed)).Blob, KeyName);
        TpmKeyBlobs blobs = tpm.Seal(seed, new TpmParent(TpmParent.OwnerHandle, Rsa: true), [], []);
        Tss2PrivateKeyFile file = new()
        {
            Type = Tss2KeyType.Sealed,
            EmptyAuth = true,
            RsaParent = true,
            Description = line,
            PublicKey = blobs.PublicArea,
            PrivateKey = blobs.PrivateArea,
        };
        File.WriteAllBytes(Path.Combine(directory, KeyName + ".tpm"), file.Encode());
        File.WriteAllText(Path.Combine(directory, KeyName + ".pub"), line + "\n");
    }

    private async Task<string> ListenAsync(Func<string, string[]> arguments)
    {
        string socket = Home.File($"run/{Path.GetRandomFileName()}");
        BackgroundProcess process = await SecureAgentProgram.Start(World.Environment, arguments(socket))
            .ReadyAsync(started => started.Output.WaitForAsync(socket));
        _running.Add(process);
        return socket;
    }
}
