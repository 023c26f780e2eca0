namespace SecureAgent.Cli.Configuration;

/// <summary>Where things are when nothing says otherwise: the XDG directories on Linux, the application-data
/// directories on Windows. Nothing here looks at the disk.</summary>
/// <param name="Surroundings">The environment and the home directory.</param>
internal sealed record UserPaths(Surroundings Surroundings)
{
    /// <summary>The configuration of the user.</summary>
    public string UserConfiguration => OperatingSystem.IsWindows()
        ? Path.Combine(Known("APPDATA", Environment.SpecialFolder.ApplicationData), "SecureAgent", "config.json")
        : Path.Combine(Xdg("XDG_CONFIG_HOME", ".config"), "secure-agent", "config.json");

    /// <summary>Where the key files of the TPM live. They are of use on this machine only.</summary>
    public string KeyDirectory => OperatingSystem.IsWindows()
        ? Path.Combine(Known("LOCALAPPDATA", Environment.SpecialFolder.LocalApplicationData), "SecureAgent", "keys")
        : Path.Combine(Xdg("XDG_DATA_HOME", Path.Combine(".local", "share")), "secure-agent", "keys");

    /// <summary>The record of what keys were used for.</summary>
    public string AuditFile => OperatingSystem.IsWindows()
        ? Path.Combine(Known("LOCALAPPDATA", Environment.SpecialFolder.LocalApplicationData), "SecureAgent", "state", "audit.jsonl")
        : Path.Combine(Xdg("XDG_STATE_HOME", Path.Combine(".local", "state")), "secure-agent", "audit.jsonl");

    /// <summary>Where <c>NAME.pub</c> goes, because ssh's IdentityFile looks there.</summary>
    public string PublicKeyDirectory => Path.Combine(Surroundings.HomeDirectory, ".ssh");

    /// <summary>The agent's socket. Without a runtime directory, as in a bare login shell, it is beside OpenSSH's own,
    /// which since 10.1 are in <c>~/.ssh/agent</c>.</summary>
    public string Socket
    {
        get
        {
            if (OperatingSystem.IsWindows())
            {
                return InLocalData("agent.sock");
            }

            // XDG Base Directory Specification: a relative path in one of its variables is invalid and ignored.
            return Surroundings.Variable("XDG_RUNTIME_DIR") is string runtime && Path.IsPathRooted(runtime)
                ? Path.Combine(runtime, "secure-agent", "agent.sock")
                : Path.Combine(Surroundings.HomeDirectory, ".ssh", "agent", "secure-agent.sock");
        }
    }

    /// <summary>The file that stands for the socket of Cygwin and MSYS2; <see langword="null"/> on other
    /// systems.</summary>
    public string? CygwinSocket => OperatingSystem.IsWindows() ? InLocalData("cygwin.sock") : null;

    private string Xdg(string variable, string belowHome) =>
        Surroundings.Variable(variable) is string directory && Path.IsPathRooted(directory)
            ? directory
            : Path.Combine(Surroundings.HomeDirectory, belowHome);

    private string InLocalData(string name) => Path.Combine(
        Known("LOCALAPPDATA", Environment.SpecialFolder.LocalApplicationData), "SecureAgent", name);

    private string Known(string variable, Environment.SpecialFolder folder) =>
        Surroundings.Variable(variable) is string directory && Path.IsPathRooted(directory)
            ? directory
            : Environment.GetFolderPath(folder);
}
