using System.CommandLine;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli.Commands;

/// <summary><c>config show</c> and <c>config validate</c>.</summary>
internal static class ConfigCommand
{
    private const int ValueCharacters = 500;

    /// <summary>Creates the command.</summary>
    public static Command Create(CommonOptions common, Surroundings surroundings)
    {
        Option<bool> json = JsonOption.Create();
        Command show = new("show", "Print the effective settings and where each came from.") { json };
        show.SetAction(result => Show(common.Read(result), result.GetValue(json), surroundings));
        Command validate = new("validate", "Check the configuration; ends with 78 if something is wrong.");
        validate.SetAction(result => Validate(common.ReadUnchecked(result), surroundings));
        return new Command("config", "The configuration.") { show, validate };
    }

    private static int Show(Settings settings, bool json, Surroundings surroundings)
    {
        if (json)
        {
            ConfigurationOutput output = new(1, settings.Files,
                [.. settings.Values.Select(value => new SettingOutput(value.Name, value.Value, value.Origin))]);
            surroundings.Out.WriteLine(JsonText.Of(output));
            return ExitCode.Done;
        }

        foreach (SettingValue value in settings.Values)
        {
            surroundings.Out.WriteLine(
                SafeText.Line($"{value.Name} = {value.Value ?? "(none)"}  ({value.Origin})", ValueCharacters));
        }

        return ExitCode.Done;
    }

    private static int Validate(Settings settings, Surroundings surroundings)
    {
        foreach (ConfigurationProblem problem in settings.Problems)
        {
            surroundings.Error.WriteLine(SafeText.Line(problem.ToString(), ValueCharacters));
        }

        if (settings.Problems.Count > 0)
        {
            return ExitCode.ConfigurationInvalid;
        }

        foreach (string file in settings.Files)
        {
            surroundings.Out.WriteLine(SafeText.Line($"{file}: valid", ValueCharacters));
        }

        if (settings.Files.Count == 0)
        {
            surroundings.Out.WriteLine("There is no configuration file; everything has its default.");
        }

        return ExitCode.Done;
    }
}
