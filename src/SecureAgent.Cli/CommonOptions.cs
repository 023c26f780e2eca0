using System.CommandLine;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class CommonOptions
{
    private readonly Surroundings _surroundings;

    /// <summary>Creates the options.</summary>
    public CommonOptions(Surroundings surroundings) => _surroundings = surroundings;

    /// <summary>Another file than the user's.</summary>
    public Option<string?> Config { get; } = Text("--config", "FILE", "read this instead of the user's configuration");

    /// <summary>The TPM.</summary>
    public Option<string?> Tpm { get; } = Text(
        "--tpm",
        "TCTI",
        "the TPM, such as device:/dev/tpmrm0, swtpm:path=/run/x.sock or mssim:host=127.0.0.1,port=2321");

    /// <summary>Where the key files are.</summary>
    public Option<string?> KeyDirectory { get; } = Text("--key-dir", "DIR", "where the key files are");

    /// <summary>The owner hierarchy's password.</summary>
    public Option<string?> OwnerPasswordFile { get; } = Text(
        "--owner-password-file", "FILE", "holds the password of the TPM's owner hierarchy, where it has one");

    /// <summary>Say more.</summary>
    public Option<bool> Verbose { get; } =
        new("--verbose", "-v") { Description = "say more on standard error", Recursive = true };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [Config, Tpm, KeyDirectory, OwnerPasswordFile, Verbose];

    /// <summary>The effective settings, with warnings on standard error for what is ignored.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="more">Settings that the command has options of its own for.</param>
    /// <exception cref="CommandException">They are invalid (78).</exception>
    public Settings Read(ParseResult result, params (string Name, Option<string?> Option)[] more) =>
        Read(result, [], more);

    /// <summary>The effective settings, with warnings on standard error for what is ignored.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="lists">Settings that are lists, which the command has repeatable options of its own for.</param>
    /// <param name="more">Settings that the command has options of its own for.</param>
    /// <exception cref="CommandException">They are invalid (78).</exception>
    public Settings Read(
        ParseResult result,
        (string Name, Option<string[]> Option)[] lists,
        params (string Name, Option<string?> Option)[] more)
    {
        Settings settings = ReadUnchecked(result, lists, more);
        if (settings.Problems.Any(problem => problem.IsInvalid))
        {
            string[] lines =
                [.. settings.Problems.Where(problem => problem.IsInvalid).Select(problem => problem.ToString())];
            throw new CommandException(ExitCode.ConfigurationInvalid, string.Join('\n', lines));
        }

        foreach (ConfigurationProblem problem in settings.Problems)
        {
            _surroundings.Error.WriteLine(SafeText.Line($"secure-agent: warning: {problem}", 1000));
        }

        return settings;
    }

    /// <summary>The settings, right or wrong.</summary>
    public Settings ReadUnchecked(ParseResult result) => ReadUnchecked(result, [], []);

    private Settings ReadUnchecked(
        ParseResult result, (string Name, Option<string[]> Option)[] lists, (string Name, Option<string?> Option)[] more)
    {
        Dictionary<string, (string Option, string Value)> given = [];
        (string Name, Option<string?> Option)[] settings =
        [
            (SettingNames.Tpm, Tpm),
            (SettingNames.KeyDirectory, KeyDirectory),
            (SettingNames.OwnerPasswordFile, OwnerPasswordFile),
            .. more,
        ];
        foreach ((string name, Option<string?> option) in settings)
        {
            if (result.GetValue(option) is string value)
            {
                given[name] = (option.Name, value);
            }
        }

        Dictionary<string, (string Option, IReadOnlyList<string> Values)> givenLists = [];
        foreach ((string name, Option<string[]> option) in lists)
        {
            if (result.GetValue(option) is { Length: > 0 } values)
            {
                givenLists[name] = (option.Name, values);
            }
        }

        return SettingsReader.Read(_surroundings, result.GetValue(Config), given, givenLists);
    }

    /// <summary>An option that takes a text, at every level of the tree.</summary>
    private static Option<string?> Text(string name, string value, string meaning) =>
        new(name) { HelpName = value, Description = meaning, Recursive = true };
}
