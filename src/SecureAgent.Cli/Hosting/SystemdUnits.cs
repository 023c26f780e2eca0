using System.Runtime.CompilerServices;
using SecureAgent.Cli.Configuration;

namespace SecureAgent.Cli.Hosting;

/// <summary>The units that let systemd start the agent for a user at its first use (systemd.socket(5),
/// systemd.exec(5)).</summary>
internal sealed class SystemdUnits
{
    /// <summary>What the first line of each is, by which they are known again.</summary>
    public const string FirstLine = "# Written by secure-agent systemd --install.";

    private readonly Settings _settings;
    private readonly Surroundings _surroundings;
    private readonly IReadOnlyList<string> _program;

    /// <summary>Prepares the units.</summary>
    /// <param name="settings">The configuration that the agent will find.</param>
    /// <param name="surroundings">Whose.</param>
    /// <param name="program">The program's file and the arguments that go before its own.</param>
    public SystemdUnits(Settings settings, Surroundings surroundings, IReadOnlyList<string> program) =>
        (_settings, _surroundings, _program) = (settings, surroundings, program);

    /// <summary>Where units of the user stand.</summary>
    public string Directory => Path.Combine(Xdg("XDG_CONFIG_HOME", ".config"), "systemd", "user");

    /// <summary>What the agent writes to, and must find.</summary>
    public IReadOnlyList<string> WrittenDirectories =>
        [_settings.KeyDirectory, Path.Combine(Xdg("XDG_STATE_HOME", Path.Combine(".local", "state")), "secure-agent")];

    /// <summary>File name and text of each unit.</summary>
    public IReadOnlyList<(string Name, string Text)> All =>
        [("secure-agent.socket", Socket), ("secure-agent.service", Service)];

    private string Socket => $"""
        {FirstLine}
        [Unit]
        Description=Socket of the SSH agent SecureAgent

        [Socket]
        ListenStream={SocketPath}
        SocketMode=0600
        DirectoryMode=0700

        [Install]
        WantedBy=sockets.target

        """;

    // ProtectSystem=strict leaves the home directory readable, for the configuration, and writable where it says so.
    // The program sets a file mode mask of its own; 0177 would keep it from entering directories that it makes.
    private string Service => $"""
        {FirstLine}
        [Unit]
        Description=SSH agent SecureAgent
        Requires=secure-agent.socket

        [Service]
        ExecStart={string.Join(' ', _program.Append("run").Select(SystemdSyntax.QuoteWord))}
        NoNewPrivileges=yes
        UMask=0077
        LimitCORE=0
        LimitMEMLOCK=64M
        MemorySwapMax=0
        KeyringMode=private
        ProtectSystem=strict
        ReadWritePaths={string.Join(' ', WrittenDirectories.Select(path => "-" + SystemdSyntax.QuotePath(path)))}
        RestrictAddressFamilies={(UsesNetwork ? "AF_UNIX AF_INET AF_INET6" : "AF_UNIX")}
        {(UsesNetwork ? "" : "IPAddressDeny=any\n")}RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        LockPersonality=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallFilter=~@privileged
        SystemCallErrorNumber=EPERM
        {(RuntimeFeature.IsDynamicCodeSupported ? "" : "MemoryDenyWriteExecute=yes\n")}
        """;

    private string SocketPath
    {
        get
        {
            string runtime = _surroundings.Variable("XDG_RUNTIME_DIR")?.TrimEnd('/') ?? "";
            return runtime.Length > 0 && _settings.Socket.StartsWith(runtime + "/", StringComparison.Ordinal)
                ? "%t" + SystemdSyntax.EscapeSpecifiers(_settings.Socket[runtime.Length..])
                : SystemdSyntax.EscapeSpecifiers(_settings.Socket);
        }
    }

    // swtpm:host=... and mssim:host=... are reached over TCP.
    private bool UsesNetwork => _settings.Tpm.Contains("host=", StringComparison.Ordinal);

    private string Xdg(string variable, string belowHome) =>
        _surroundings.Variable(variable) is string directory && Path.IsPathRooted(directory)
            ? directory
            : Path.Combine(_surroundings.HomeDirectory, belowHome);
}
