namespace SecureAgent.Cli.Output;

/// <summary>The lines for <c>~/.profile</c> in a distribution of WSL. They find out themselves which WSL it is: the kernel
/// of WSL 1 is called <c>4.4.0-19041-Microsoft</c>, that of WSL 2 <c>5.15.90.1-microsoft-standard-WSL2</c>.</summary>
internal static class WslProfile
{
    /// <summary>The lines, without an end of the last.</summary>
    /// <param name="program">This program's file on Windows.</param>
    /// <param name="socket">The agent's Unix socket on Windows, which only WSL 1 can reach.</param>
    public static string Text(string program, string socket) => $"""
        case "$(uname -r)" in
        *-Microsoft) SSH_AUTH_SOCK="$(wslpath -u {Quote(socket)})" ;;
        *)
            SSH_AUTH_SOCK="$HOME/.ssh/agent/relay.sock"
            mkdir -p -m 700 "$HOME/.ssh/agent"
            (setsid secure-agent relay --listen "$SSH_AUTH_SOCK" -- "$(wslpath -u {Quote(program)})" relay --multiplex \
                >/dev/null 2>>"$HOME/.ssh/agent/relay.log" &)
            ;;
        esac
        export SSH_AUTH_SOCK
        """;

    private static string Quote(string path) => "'" + path.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
}
