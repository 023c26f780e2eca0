namespace SecureAgent.Tests.EndToEnd;

/// <summary>Three hosts, a, b and c, which are sshds of this machine with host keys of different types: Ed25519, RSA,
/// and Ed25519 with a certificate. Clients know them as <c>host_a</c> and so on. Going through several of them means
/// that each ssh runs in the session of the one before and uses its forwarded agent.</summary>
public sealed class SshNetwork : IAsyncLifetime
{
    private readonly List<SshdServer> _hosts = [];
    private string _script = "";
    private string _configuration = "";

    /// <summary>The person.</summary>
    internal Home Home { get; } = new();

    /// <summary>The known_hosts file for <c>ssh-add -H</c>.</summary>
    internal string KnownHosts => Home.File("known_hosts");

    /// <summary>The private key file that every host accepts.</summary>
    internal string Key => Home.File("tmp/traveller");

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsLinux() || Requires.Find("sshd") is null || Requires.Find("ssh") is null)
        {
            return; // The tests skip themselves.
        }

        string authority = await KeygenAsync("host-authority");
        await KeygenAsync("traveller");
        string alone = Path.Combine(Home.PrivateDirectory("alone"), "traveller.pub");
        File.Copy(Key + ".pub", alone);
        string authorityLine = File.ReadAllText(authority + ".pub");
        List<string> known = [$"@cert-authority host_c {authorityLine}"];
        List<string> configuration = [];
        foreach (char name in "abc")
        {
            SshdServer host = await SshdServer.StartAsync(new SshdSetup
            {
                HostKeyTypes = [name == 'b' ? "rsa" : "ed25519"],
                PrepareAsync = files => name == 'c' ? CertifyAsync(authority, files[0]) : Task.FromResult(""),
            });
            _hosts.Add(host);
            host.Authorize(File.ReadAllText(alone));
            if (name != 'c')
            {
                string[] words = File.ReadAllText(host.KnownHosts).Split(' ', 2);
                known.Add($"host_{name} {words[1]}");
            }

            configuration.Add($"Host host_{name}\n  Port {host.Port}\n  HostKeyAlias host_{name}\n");
        }

        Home.Write("known_hosts", string.Concat(known));
        // The key exchange is the quickest one: tests with many logins would spend most of their time in it.
        _configuration = Home.Write("ssh_config", string.Concat(configuration) + $"""
            Host *
              Hostname 127.0.0.1
              User {Environment.UserName}
              UserKnownHostsFile {KnownHosts}
              GlobalKnownHostsFile /dev/null
              StrictHostKeyChecking yes
              BatchMode yes
              ControlMaster no
              ForwardAgent yes
              KexAlgorithms curve25519-sha256
              PreferredAuthentications publickey
              IdentitiesOnly yes
              IdentityFile {alone}
              LogLevel ERROR

            """);
        _script = Home.File("hop");
        OwnerOnly.Program(_script, $"""
            #!/bin/sh
            # Says which keys are seen here, and goes on to the first host that is named.
            printf '%s: ' "$1"; {Requires.Tool("ssh-add")} -l | sed 's/.*traveller.*/the key/'
            shift
            if [ $# = 0 ]; then exit 0; fi
            exec {Requires.Tool("ssh")} -F '{_configuration}' "host_$1" '{_script}' "$@"

            """);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SshdServer host in _hosts)
        {
            await host.DisposeAsync();
        }

        Home.Dispose();
    }

    /// <summary>Goes from here through hosts.</summary>
    /// <param name="socket">The agent of here.</param>
    /// <param name="route">Such as <c>ab</c>.</param>
    /// <returns>One line for each place that was reached, saying what its agent lists, beginning with here.</returns>
    internal Task<Ran> TravelAsync(string socket, string route) =>
        new Command(Home.WithAgent(socket), _script, ["here", .. route.Select(host => $"{host}")])
        {
            Patience = Deadline.Span * 3, // Many may be under way.
        }.RunAsync();

    /// <summary>Runs a command on a host.</summary>
    internal Task<Ran> RunAsync(DropInAgent agent, char host, string command) =>
        new Command(
            Home.WithAgent(agent.Socket), Requires.Tool("ssh"), "-F", _configuration, $"host_{host}", command)
            .RunAsync();

    private static async Task<string> CertifyAsync(string authority, string file)
    {
        (await new Command(new Dictionary<string, string>(), "ssh-keygen", "-q", "-s", authority, "-h", "-I", "host",
            "-n", "host_c", file + ".pub").RunAsync()).Succeeded();
        return $"HostCertificate {file}-cert.pub\n";
    }

    private async Task<string> KeygenAsync(string name)
    {
        string file = Home.File($"tmp/{name}");
        string[] arguments = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file];
        (await new Command(Home.Environment, "ssh-keygen", arguments).RunAsync()).Succeeded();
        return file;
    }
}
