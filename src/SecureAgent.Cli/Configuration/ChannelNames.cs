namespace SecureAgent.Cli.Configuration;

/// <summary>The ways for clients to arrive, as the setting <c>channels</c>, the policies of keys and the logs name
/// them.</summary>
internal static class ChannelNames
{
    /// <summary>A Unix socket; on Windows for native clients and WSL 1.</summary>
    public const string Unix = "unix";

    /// <summary>The pipe that Win32-OpenSSH looks for.</summary>
    public const string OpenSshPipe = "openssh-pipe";

    /// <summary>A pipe of this user's own, which no other user's agent can take.</summary>
    public const string UserPipe = "user-pipe";

    /// <summary>Pageant's window, for PuTTY and its family.</summary>
    public const string Pageant = "pageant";

    /// <summary>Pageant's pipe, which PuTTY prefers since 0.75.</summary>
    public const string PageantPipe = "pageant-pipe";

    /// <summary>A socket as Cygwin, MSYS2 and Git for Windows emulate it.</summary>
    public const string Cygwin = "cygwin";

    /// <summary>Windows and a TCP port as Xshell's xagent has them.</summary>
    public const string XAgent = "xagent";

    /// <summary>The virtual machine of WSL 2, any user and program in it.</summary>
    public const string HyperV = "hyper-v";

    /// <summary>Those of this system.</summary>
    public static IReadOnlyList<string> All { get; } = OperatingSystem.IsWindows()
        ? [UserPipe, OpenSshPipe, PageantPipe, Pageant, Cygwin, Unix, XAgent, HyperV]
        : [Unix];

    /// <summary>Those that are served if nothing is said: not what opens the agent to more than this user's programs, nor
    /// what takes the place of a program that few have.</summary>
    public static IReadOnlyList<string> Default { get; } = [.. All.Where(name => name is not (HyperV or XAgent))];
}
