using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Commands;

/// <summary>The command line of <c>ssh-agent</c>, read as getopt(3) of BSD reads it: short options that may stand
/// together (<c>-sD</c>), values attached or following, and everything from the first other word on is a
/// command.</summary>
internal sealed class SshAgentArguments
{
    private const string DaemonOption = "--daemon";
    private const string CompanionOption = "--companion";
    private const string WebSafePrefix = "websafe-allow=";
    private const string TakingValue = "EaOPt";

    private static readonly string[] Digests = ["MD5", "SHA1", "SHA256", "SHA384", "SHA512"];

    private ForwardedRights _forwarded;
    private bool _isWebSafeOpen;
    private string[]? _webSafe;
    private string? _providers;
    private TimeSpan? _lifetime;

    private SshAgentArguments()
    {
    }

    /// <summary>Which part of the program this process plays.</summary>
    public SshAgentRole Role { get; private set; }

    /// <summary>The shell to print for, if the command line says (<c>-c -s --pwsh --cmd</c>).</summary>
    public ShellDialect? Dialect { get; private set; }

    /// <summary><c>-k</c>: end the agent of SSH_AGENT_PID.</summary>
    public bool Kills { get; private set; }

    /// <summary><c>-D</c>: stay in the foreground.</summary>
    public bool StaysInForeground { get; private set; }

    /// <summary><c>-d</c>: likewise, and say everything.</summary>
    public bool Debugs { get; private set; }

    /// <summary><c>-T</c>: the socket stands in the directory of temporary files.</summary>
    public bool UsesTemporaryDirectory { get; private set; }

    /// <summary><c>-u</c>: how often it was given.</summary>
    public int CleansUp { get; private set; }

    /// <summary><c>-U</c>: leave the sockets of ended agents alone.</summary>
    public bool KeepsStale { get; private set; }

    /// <summary><c>-V</c>: print the version.</summary>
    public bool AsksVersion { get; private set; }

    /// <summary><c>-a</c>: where to listen.</summary>
    public string? Socket { get; private set; }

    /// <summary>What is said about serving.</summary>
    public ServingOptions Serving => new()
    {
        DefaultLifetime = _lifetime == TimeSpan.Zero ? null : _lifetime,
        Forwarded = _forwarded,
        WebSafeApplications = _isWebSafeOpen ? ["*"] : _webSafe ?? [],
        AllowedProviders = _providers,
    };

    /// <summary>The words before the command.</summary>
    public IReadOnlyList<string> Options { get; private set; } = [];

    /// <summary>The command and its arguments; empty for none.</summary>
    public IReadOnlyList<string> Command { get; private set; } = [];

    private bool IsForeground => StaysInForeground || Debugs;

    /// <summary>The words that start the agent of <paramref name="role"/> with the options of this one.</summary>
    public IReadOnlyList<string> For(SshAgentRole role) =>
        [role == SshAgentRole.Companion ? CompanionOption : DaemonOption, .. Options];

    /// <summary>Reads a command line.</summary>
    /// <exception cref="SshAgentUsageException">It is wrong.</exception>
    public static SshAgentArguments Parse(IReadOnlyList<string> words)
    {
        SshAgentArguments arguments = new();
        int at = 0;
        if (words.Count > 0 && words[0] is DaemonOption or CompanionOption)
        {
            arguments.Role = words[0] == DaemonOption ? SshAgentRole.Daemon : SshAgentRole.Companion;
            at = 1;
        }

        int start = at;
        while (at < words.Count && words[at] is ['-', _, ..] && words[at] != "--" && !arguments.AsksVersion)
        {
            at = arguments.TakeWord(words, at);
        }

        arguments.Options = [.. words.Skip(start).Take(at - start)];
        arguments.Command = [.. words.Skip(at < words.Count && words[at] == "--" ? at + 1 : at)];
        if (arguments.Command.Count > 0 && !arguments.AsksVersion
            && (arguments.Dialect is not null || arguments.Kills || arguments.IsForeground || arguments.CleansUp > 0))
        {
            throw SshAgentUsageException.Usage("");
        }

        return arguments;
    }

    /// <summary>Takes the options of one word, and the next word where it is the last one's value.</summary>
    /// <returns>The place of the next word.</returns>
    private int TakeWord(IReadOnlyList<string> words, int at)
    {
        string word = words[at++];
        if (word is "--pwsh" or "--cmd")
        {
            Choose(word == "--pwsh" ? ShellDialect.PowerShell : ShellDialect.Cmd);
            return at;
        }

        for (int i = 1; i < word.Length && !AsksVersion; i++)
        {
            char option = word[i];
            if (!TakingValue.Contains(option, StringComparison.Ordinal))
            {
                Take(option);
                continue;
            }

            if (i + 1 == word.Length && at == words.Count)
            {
                throw SshAgentUsageException.Usage($"option requires an argument -- {option}");
            }

            Take(option, i + 1 < word.Length ? word[(i + 1)..] : words[at++]);
            break;
        }

        return at;
    }

    private void Take(char option)
    {
        switch (option)
        {
            case 'c':
                Choose(ShellDialect.Csh);
                break;
            case 's':
                Choose(ShellDialect.Posix);
                break;
            case 'D' or 'd' when IsForeground:
                throw SshAgentUsageException.Usage("");
            case 'D':
                StaysInForeground = true;
                break;
            case 'd':
                Debugs = true;
                break;
            case 'k':
                Kills = true;
                break;
            case 'T':
                UsesTemporaryDirectory = true;
                break;
            case 'u':
                CleansUp++;
                break;
            case 'U':
                KeepsStale = true;
                break;
            case 'V':
                AsksVersion = true;
                break;
            default:
                throw SshAgentUsageException.Usage($"unknown option -- {option}");
        }
    }

    private void Take(char option, string value)
    {
        switch (option)
        {
            case 'a':
                Socket = value;
                break;
            case 'E' when !Digests.Contains(value, StringComparer.OrdinalIgnoreCase):
                throw SshAgentUsageException.Fatal($"Invalid hash algorithm \"{value}\"");
            case 'P' when _providers is not null:
                throw SshAgentUsageException.Fatal("-P option already specified");
            case 'P':
                _providers = value;
                break;
            case 't':
                _lifetime = Duration.TryParse(value, TimeSpan.FromSeconds(int.MaxValue), out TimeSpan? lifetime)
                    ? lifetime
                    : throw SshAgentUsageException.Usage("Invalid lifetime");
                break;
            case 'O':
                TakeSwitch(value);
                break;
        }
    }

    private void TakeSwitch(string value)
    {
        if (value == "no-restrict-websafe")
        {
            _isWebSafeOpen = true;
        }
        else if (value == "allow-remote-pkcs11")
        {
            _forwarded |= ForwardedRights.Providers;
        }
        else if (!value.StartsWith(WebSafePrefix, StringComparison.Ordinal))
        {
            throw SshAgentUsageException.Fatal("Unknown -O option");
        }
        else if (_webSafe is not null)
        {
            throw SshAgentUsageException.Fatal("websafe-allow already set");
        }
        else
        {
            _webSafe = value[WebSafePrefix.Length..].Split(',');
            if (_webSafe.Any(pattern => pattern.StartsWith('!')))
            {
                // Left out, such a pattern would allow what it is there to forbid.
                throw SshAgentUsageException.Fatal("websafe-allow: patterns that begin with ! are not supported");
            }
        }
    }

    private void Choose(ShellDialect dialect) =>
        Dialect = Dialect is null || Dialect == dialect ? dialect : throw SshAgentUsageException.Usage("");
}
