namespace SecureAgent.Cli.Output;

/// <summary>How a shell sets, forgets and says things. Each text is one whole line without its end, and means the same
/// whatever characters the value has.</summary>
internal abstract class ShellDialect
{
    /// <summary>sh, bash, dash, ksh, zsh.</summary>
    public static ShellDialect Posix { get; } = new PosixDialect();

    /// <summary>csh, tcsh.</summary>
    public static ShellDialect Csh { get; } = new CshDialect();

    /// <summary>fish.</summary>
    public static ShellDialect Fish { get; } = new FishDialect();

    /// <summary>PowerShell.</summary>
    public static ShellDialect PowerShell { get; } = new PowerShellDialect();

    /// <summary>Windows' cmd.</summary>
    public static ShellDialect Cmd { get; } = new CmdDialect();

    /// <summary>Every dialect and the name that <c>env --shell</c> knows it by.</summary>
    public static IReadOnlyDictionary<string, ShellDialect> All { get; } = new Dictionary<string, ShellDialect>
    {
        ["sh"] = Posix,
        ["bash"] = Posix,
        ["csh"] = Csh,
        ["fish"] = Fish,
        ["pwsh"] = PowerShell,
        ["cmd"] = Cmd,
    };

    /// <summary>Sets an environment variable.</summary>
    /// <exception cref="CommandException">This shell has no way to write the value.</exception>
    public abstract string Set(string name, string value);

    /// <summary>Removes an environment variable.</summary>
    public abstract string Unset(string name);

    /// <summary>Prints words of letters and digits.</summary>
    public virtual string Say(string words) => $"echo {words};";

    private static bool IsPlain(string value) => ShellText.Quote(value) == value;

    private sealed class PosixDialect : ShellDialect
    {
        public override string Set(string name, string value) => $"{name}={ShellText.Quote(value)}; export {name};";

        public override string Unset(string name) => $"unset {name};";
    }

    private sealed class CshDialect : ShellDialect
    {
        public override string Set(string name, string value) => $"setenv {name} {Quote(value)};";

        public override string Unset(string name) => $"unsetenv {name};";

        // The history character and a line end need a backslash even between single quotes.
        private static string Quote(string value) => IsPlain(value)
            ? value
            : "'" + value.Replace("'", "'\\''", StringComparison.Ordinal)
                .Replace("!", "\\!", StringComparison.Ordinal)
                .Replace("\n", "\\\n", StringComparison.Ordinal) + "'";
    }

    private sealed class FishDialect : ShellDialect
    {
        public override string Set(string name, string value) => $"set -gx {name} {Quote(value)};";

        public override string Unset(string name) => $"set -e {name};";

        private static string Quote(string value) => "'" + value.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("'", "\\'", StringComparison.Ordinal) + "'";
    }

    private sealed class PowerShellDialect : ShellDialect
    {
        // PowerShell takes each of these for a single quote (about_Quoting_Rules).
        private static readonly string[] Quotes = ["'", "\u2018", "\u2019", "\u201A", "\u201B"];

        public override string Set(string name, string value) => $"$env:{name} = {Quote(value)}";

        public override string Unset(string name) => $"Remove-Item Env:{name}";

        public override string Say(string words) => $"Write-Output '{words}'";

        private static string Quote(string value) =>
            "'" + Quotes.Aggregate(value, (text, quote) => text.Replace(quote, quote + quote, StringComparison.Ordinal))
            + "'";
    }

    private sealed class CmdDialect : ShellDialect
    {
        public override string Set(string name, string value) => value.IndexOfAny(['"', '%', '\n', '\r']) < 0
            ? $"set \"{name}={value}\""
            : throw new CommandException(
                ExitCode.Failed, $"cmd cannot write a path with a quote, a percent sign or a line end: {value}");

        public override string Unset(string name) => $"set \"{name}=\"";

        public override string Say(string words) => $"echo {words}";
    }
}
