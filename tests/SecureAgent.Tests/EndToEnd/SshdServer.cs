using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>OpenSSH's sshd on a port of 127.0.0.1 with host keys, users' keys and configuration of its own. As root
/// it needs
/// its empty directory /run/sshd, which is made if absent; it runs as any other user too, who can then log in as
/// themselves.</summary>
internal sealed class SshdServer : IAsyncDisposable
{
    private readonly Home _home;
    private readonly BackgroundProcess _process;

    private SshdServer(Home home, BackgroundProcess process, int port) =>
        (_home, _process, Port) = (home, process, port);

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>What it writes, at VERBOSE.</summary>
    public LineLog Log => _process.Error;

    /// <summary>A known_hosts file with its three host keys.</summary>
    public string KnownHosts => _home.File("known_hosts");

    /// <summary>Starts one.</summary>
    /// <param name="setup">What is its own; <see langword="null"/> for the usual.</param>
    public static async Task<SshdServer> StartAsync(SshdSetup? setup = null)
    {
        setup ??= new SshdSetup();
        string sshd = Requires.Tool("sshd");
        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory("/run/sshd");
        }

        Home home = new();
        string[] types = setup.HostKeyTypes;
        string[] files = [.. types.Select(type => home.File($"host_{type}"))];
        foreach ((string type, string file) in types.Zip(files))
        {
            string[] arguments = ["-q", "-t", type, "-N", "", "-f", file];
            (await new Command(home.Environment, "ssh-keygen", arguments).RunAsync()).Succeeded();
        }

        home.Write("authorized_keys", "");
        home.Write("ca_keys", "");
        string more = await WithoutPenaltiesAsync(home, sshd, files) + await setup.PrepareAsync(files);

        // A free port can be taken by somebody else before sshd binds it: then another is tried.
        for (int attempt = 1; ; attempt++)
        {
            int port = FreePort();
            string configuration = home.Write("sshd_config", Configuration(home, files, port) + more);
            BackgroundProcess process = BackgroundProcess.Start(
                home.Environment, sshd, "-D", "-e", "-f", configuration);
            try
            {
                await process.ReadyAsync(started => started.Error.WaitForAsync($"on 127.0.0.1 port {port}"));
                IEnumerable<string> hosts = files.Select(file =>
                    $"[127.0.0.1]:{port} {File.ReadAllText(file + ".pub")}");
                home.Write("known_hosts", string.Concat(hosts));
                return new SshdServer(home, process, port);
            }
            catch (Xunit.Sdk.XunitException) when (attempt < 5 && process.Error.Contains("Address already in use"))
            {
                // Another port.
            }
        }
    }

    /// <summary>From now on exactly these authorized_keys lines may log in.</summary>
    public void Authorize(params string[] lines) => _home.Write("authorized_keys", string.Join('\n', lines) + "\n");

    /// <summary>From now on users' certificates of exactly these authorities are accepted.</summary>
    public void Trust(params string[] lines) => _home.Write("ca_keys", string.Join('\n', lines) + "\n");

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _home.Dispose();
    }

    private static string Configuration(Home home, string[] hostKeys, int port) => $"""
        ListenAddress 127.0.0.1:{port}
        {string.Join('\n', hostKeys.Select(file => $"HostKey {file}"))}
        PidFile none
        AuthorizedKeysFile {home.File("authorized_keys")}
        TrustedUserCAKeys {home.File("ca_keys")}
        PubkeyAcceptedAlgorithms +ssh-rsa
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin yes
        PermitUserRC no
        # bash reads no file of the user's for a command when it is not the outermost shell.
        SetEnv SHLVL=1
        AllowAgentForwarding yes
        AllowTcpForwarding no
        X11Forwarding no
        PrintMotd no
        PrintLastLog no
        MaxStartups 1000
        MaxSessions 1000
        LogLevel VERBOSE

        """;

    /// <summary>From OpenSSH 9.8 on sshd makes an address wait that was turned away, and here all come from
    /// one.</summary>
    private static async Task<string> WithoutPenaltiesAsync(Home home, string sshd, string[] hostKeys)
    {
        const string Line = "PerSourcePenalties no\n";
        string tried = home.Write("tried_config", $"HostKey {hostKeys[0]}\n{Line}");
        return (await new Command(home.Environment, sshd, "-t", "-f", tried).RunAsync()).ExitCode == 0 ? Line : "";
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
