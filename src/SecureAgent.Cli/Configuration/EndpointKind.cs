namespace SecureAgent.Cli.Configuration;

/// <summary>The ways to reach an agent.</summary>
internal enum EndpointKind
{
    /// <summary><c>PATH</c> or <c>unix:PATH</c>: a Unix socket, on Windows too.</summary>
    UnixSocket,

    /// <summary><c>pipe:NAME</c>: a named pipe, as of Win32-OpenSSH.</summary>
    NamedPipe,

    /// <summary><c>pageant</c>: Pageant's window.</summary>
    PageantWindow,

    /// <summary><c>pageant-pipe</c>: Pageant's pipe, whose name is different for each user and start of the
    /// system.</summary>
    PageantPipe,

    /// <summary><c>cygwin:FILE</c>: a socket as Cygwin and MSYS2 emulate it.</summary>
    CygwinSocket,
}
