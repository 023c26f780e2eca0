using Microsoft.Extensions.Configuration;
using SecureAgent.Backends.Tpm;

namespace SecureAgent.Cli.Configuration;

/// <summary>Puts the settings together: machine's file, user's file, <c>SECUREAGENT_*</c>, options; later ones
/// win.</summary>
internal sealed class SettingsReader
{
    private readonly Surroundings _surroundings;
    private readonly List<ConfigurationProblem> _problems = [];
    private readonly List<(IConfigurationProvider Values, Func<string, string> Where)> _layers = [];
    private readonly List<string> _files = [];

    private SettingsReader(Surroundings surroundings) => _surroundings = surroundings;

    /// <summary>Reads everything. Nothing is thrown for a wrong configuration: <see cref="Settings.Problems"/> has
    /// it.</summary>
    /// <param name="surroundings">The environment.</param>
    /// <param name="configurationFile">What <c>--config</c> named instead of the user's file, or
    /// <see langword="null"/>.</param>
    /// <param name="options">Settings given as options, by name; and the option that gave each.</param>
    public static Settings Read(
        Surroundings surroundings,
        string? configurationFile,
        IReadOnlyDictionary<string, (string Option, string Value)> options)
    {
        SettingsReader reader = new(surroundings);
        return reader.Read(configurationFile, options);
    }

    private Settings Read(string? configurationFile, IReadOnlyDictionary<string, (string Option, string Value)> options)
    {
        UserPaths paths = new(_surroundings);
        AddFile(_surroundings.MachineConfiguration);
        if (configurationFile is not null && !File.Exists(configurationFile))
        {
            _problems.Add(new ConfigurationProblem(configurationFile, "there is no such file", IsInvalid: true));
        }

        AddFile(configurationFile ?? paths.UserConfiguration);
        AddEnvironment();
        AddValues(
            options.ToDictionary(pair => pair.Key, pair => (string?)pair.Value.Value), name => options[name].Option);

        SettingValue keyDirectory = Effective(SettingNames.KeyDirectory, paths.KeyDirectory);
        // Keys in a place of their own bring their public halves along.
        string publicKeys = keyDirectory.Origin == "default" ? paths.PublicKeyDirectory : keyDirectory.Value!;
        SettingValue[] values =
        [
            Effective(SettingNames.Socket, paths.Socket),
            Effective(SettingNames.Tpm, OperatingSystem.IsWindows() ? "tbs" : "device:/dev/tpmrm0"),
            keyDirectory,
            Effective(SettingNames.PublicKeyDirectory, publicKeys),
            Effective(SettingNames.PinCache, "until-removed"),
            Effective(SettingNames.PromptTimeout, "2m"),
            Effective(SettingNames.OwnerPasswordFile, null),
        ];
        return new Settings
        {
            Values = values,
            Problems = [.. _problems.OrderByDescending(problem => problem.IsInvalid)],
            Files = _files,
        };
    }

    private void AddFile(string path)
    {
        ConfigurationFile? file = ConfigurationFile.Read(path);
        if (file is null)
        {
            return;
        }

        _files.Add(path);
        foreach (string key in file.Keys)
        {
            if (!SettingNames.All.Contains(key, StringComparer.OrdinalIgnoreCase))
            {
                _problems.Add(Unknown(file.Where(key), key));
            }
        }

        if (file.Problem is not null)
        {
            _problems.Add(file.Problem);
        }
        else if (file.Values is not null)
        {
            _layers.Add((file.Values, file.Where));
        }
    }

    private void AddEnvironment()
    {
        Dictionary<string, string?> values = [];
        foreach (string name in SettingNames.All)
        {
            if (_surroundings.Variable(SettingNames.Variable(name)) is string value)
            {
                values[name] = value;
            }
        }

        IEnumerable<string> unknown = _surroundings.Environment.Keys.Where(variable =>
            variable.StartsWith(SettingNames.VariablePrefix, StringComparison.Ordinal)
            && !SettingNames.All.Any(name => SettingNames.Variable(name) == variable));
        _problems.AddRange(unknown.Select(variable => Unknown(variable, variable)));
        AddValues(values, SettingNames.Variable);
    }

    private void AddValues(Dictionary<string, string?> values, Func<string, string> where)
    {
        using ConfigurationRoot root =
            (ConfigurationRoot)new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        _layers.Add((root.Providers.Single(), where));
    }

    private SettingValue Effective(string name, string? whenUnset)
    {
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            if (_layers[i].Values.TryGet(name, out string? text) && !string.IsNullOrEmpty(text))
            {
                string where = _layers[i].Where(name);
                string? value = Checked(name, text, where);
                return value is null ? new SettingValue(name, text, where) : new SettingValue(name, value, where);
            }
        }

        return new SettingValue(name, whenUnset, "default");
    }

    /// <summary>The value in its final form; <see langword="null"/>, and a problem noted, if it is invalid.</summary>
    private string? Checked(string name, string text, string where)
    {
        string? wrong = null;
        string value = text;
        switch (name)
        {
            case SettingNames.PinCache when !PinCacheSetting.TryParse(text, out _):
                wrong = "must be never, until-removed or a duration such as 10m";
                break;
            case SettingNames.PromptTimeout when !Duration.TryParse(text, out _):
                wrong = "must be a duration such as 90s or 2m";
                break;
            case SettingNames.Tpm:
                wrong = WrongTcti(text);
                break;
            case SettingNames.Socket or SettingNames.KeyDirectory or SettingNames.PublicKeyDirectory
                or SettingNames.OwnerPasswordFile:
                value = text.StartsWith("~/", StringComparison.Ordinal)
                    ? Path.Combine(_surroundings.HomeDirectory, text[2..])
                    : text;
                wrong = where.StartsWith("--", StringComparison.Ordinal) || Path.IsPathRooted(value)
                    ? null
                    : "must be an absolute path or begin with ~/";
                value = Path.GetFullPath(value);
                break;
        }

        if (wrong is not null)
        {
            _problems.Add(new ConfigurationProblem(where, $"{name} is \"{text}\", but {wrong}", IsInvalid: true));
            return null;
        }

        return value;
    }

    private static string? WrongTcti(string text)
    {
        try
        {
            TpmTcti.Parse(text);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static ConfigurationProblem Unknown(string where, string key) =>
        new(where, $"\"{key}\" is not a setting; there are {string.Join(", ", SettingNames.All)}", IsInvalid: false);
}
