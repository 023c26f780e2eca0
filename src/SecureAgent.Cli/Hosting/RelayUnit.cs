namespace SecureAgent.Cli.Hosting;

/// <summary>The unit that lets the user's systemd run the listening half of a relay (systemd.service(5)). It is not
/// confined further: what WSL's interop takes to start a Windows program is not documented.</summary>
internal static class RelayUnit
{
    /// <summary>Its text.</summary>
    /// <param name="program">This program's file and the arguments that go before its own.</param>
    /// <param name="socket">Where the relay listens.</param>
    /// <param name="command">What starts the other half; the program as a full path.</param>
    public static string Text(IReadOnlyList<string> program, string socket, IReadOnlyList<string> command)
    {
        IEnumerable<string> words = [.. program, "relay", "--listen", socket, "--", .. command];
        return $"""
            # Written by secure-agent relay --systemd.
            [Unit]
            Description=Relay to the SSH agent SecureAgent on Windows

            [Service]
            ExecStart={string.Join(' ', words.Select(SystemdSyntax.QuoteWord))}
            Restart=on-failure
            UMask=0077
            LimitCORE=0

            [Install]
            WantedBy=default.target

            """;
    }
}
