namespace SecureAgent.Cli.Configuration;

/// <summary>Where an agent listens, as a person writes it: <c>PATH</c>, <c>unix:PATH</c>, <c>pipe:NAME</c>,
/// <c>pageant</c>, <c>pageant-pipe</c> or <c>cygwin:FILE</c>.</summary>
/// <param name="Kind">The way to reach it.</param>
/// <param name="Address">Path, file or name of the pipe; empty for the kinds that have no other.</param>
internal sealed record AgentEndpoint(EndpointKind Kind, string Address)
{
    private const string UnixPrefix = "unix:";
    private const string PipePrefix = "pipe:";
    private const string CygwinPrefix = "cygwin:";
    private const string Pageant = "pageant";
    private const string PageantPipe = "pageant-pipe";

    private static readonly string[] PipePaths = [@"\\.\pipe\", "//./pipe/"];

    /// <summary>Reads one.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="isOption">Whether it is an option's, where a path is relative to where the person stands.</param>
    /// <param name="home">What <c>~</c> stands for.</param>
    /// <exception cref="FormatException">It is none; the message says what it must be.</exception>
    public static AgentEndpoint Parse(string text, bool isOption, string home)
    {
        if (text is Pageant or PageantPipe)
        {
            return OnWindows(new AgentEndpoint(
                text == Pageant ? EndpointKind.PageantWindow : EndpointKind.PageantPipe, ""));
        }

        string? pipe = text.StartsWith(PipePrefix, StringComparison.Ordinal)
            ? text[PipePrefix.Length..]
            : PipePaths.Any(path => text.StartsWith(path, StringComparison.Ordinal)) ? text : null;
        if (pipe is not null)
        {
            return OnWindows(new AgentEndpoint(EndpointKind.NamedPipe, PipeName(pipe)));
        }

        return text.StartsWith(CygwinPrefix, StringComparison.Ordinal)
            ? OnWindows(new AgentEndpoint(
                EndpointKind.CygwinSocket, FullPath(text[CygwinPrefix.Length..], isOption, home)))
            : new AgentEndpoint(EndpointKind.UnixSocket, FullPath(
                text.StartsWith(UnixPrefix, StringComparison.Ordinal) ? text[UnixPrefix.Length..] : text, isOption, home));
    }

    /// <summary>As it is written, with the path of a Unix socket alone.</summary>
    public override string ToString() => Kind switch
    {
        EndpointKind.NamedPipe => PipePrefix + Address,
        EndpointKind.PageantWindow => Pageant,
        EndpointKind.PageantPipe => PageantPipe,
        EndpointKind.CygwinSocket => CygwinPrefix + Address,
        _ => Address,
    };

    private static string PipeName(string text)
    {
        string name = text;
        foreach (string path in PipePaths)
        {
            if (name.StartsWith(path, StringComparison.Ordinal))
            {
                name = name[path.Length..];
            }
        }

        return name.Length > 0 && name.IndexOfAny(['\\', '/', '\0']) < 0
            ? name
            : throw new FormatException("must be the name of a pipe of this machine, such as pipe:openssh-ssh-agent");
    }

    private static string FullPath(string text, bool isOption, string home)
    {
        if (text.Length > 0 && (isOption || SettingText.IsAbsolute(text, home)))
        {
            string path = Path.GetFullPath(SettingText.ExpandTilde(text, home));
            return path.StartsWith(@"\\", StringComparison.Ordinal)
                ? throw new FormatException("must be on this machine: agents of others are not reached by a path")
                : path;
        }

        throw new FormatException(SettingText.MustBeAbsolute);
    }

    private static AgentEndpoint OnWindows(AgentEndpoint endpoint) =>
        OperatingSystem.IsWindows() ? endpoint : throw new FormatException($"{endpoint} is there on Windows only");
}
