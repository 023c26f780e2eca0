using Microsoft.Extensions.Configuration;
using SecureAgent.Backends.Pkcs11;
using SecureAgent.Core;

namespace SecureAgent.Cli.Configuration;

/// <summary>Puts the settings together: machine's file, user's file, <c>SECUREAGENT_*</c>, options; later ones win.
/// Lists replace each other whole; <c>keys</c> are put over each other property by property.</summary>
internal sealed class SettingsReader
{
    private const string Default = "default";

    private readonly Surroundings _surroundings;
    private readonly List<ConfigurationProblem> _problems = [];
    private readonly List<Layer> _layers = [];
    private readonly List<string> _files = [];
    private readonly NodeReader _nodes;

    private SettingsReader(Surroundings surroundings)
    {
        _surroundings = surroundings;
        _nodes = new NodeReader(_problems);
    }

    /// <summary>Reads everything. Nothing is thrown for a wrong configuration: <see cref="Settings.Problems"/> has
    /// it.</summary>
    /// <param name="surroundings">The environment.</param>
    /// <param name="configurationFile">What <c>--config</c> named instead of the user's file, or
    /// <see langword="null"/>.</param>
    /// <param name="options">Settings given as options, by name; and the option that gave each.</param>
    /// <param name="lists">Settings that are lists given as options, in the same way.</param>
    public static Settings Read(
        Surroundings surroundings,
        string? configurationFile,
        IReadOnlyDictionary<string, (string Option, string Value)> options,
        IReadOnlyDictionary<string, (string Option, IReadOnlyList<string> Values)>? lists = null)
    {
        SettingsReader reader = new(surroundings);
        reader.AddLayers(configurationFile, options, lists);
        return reader.Read();
    }

    private Settings Read()
    {
        List<SettingValue> values = ReadTexts();
        ListSettingReader lists = new(_nodes, _surroundings.HomeDirectory);
        IReadOnlyList<string> channels = ReadList(
            SettingNames.Channels, lists.ReadChannels, ChannelNames.Default, Shown, values);
        ForwardedRights forwarded = ReadList(
            SettingNames.Forwarded, lists.ReadForwarded, ForwardedRights.None, Shown, values);
        IReadOnlyList<string> providers = ReadList(
            SettingNames.Providers, lists.ReadProviders, ProviderAllowList.DefaultPatterns, Shown, values);
        IReadOnlyList<string> applications = ReadList(
            SettingNames.WebSafeApplications, lists.ReadWebSafeApplications, [], Shown, values);
        IReadOnlyList<UpstreamSetting> upstreams = ReadList(
            SettingNames.Upstreams, lists.ReadUpstreams, [], Shown, values);
        KeyPolicies policies = ReadPolicies(values);
        return new Settings
        {
            Values = values,
            Problems = [.. _problems.OrderByDescending(problem => problem.IsInvalid)],
            Files = _files,
            Channels = channels,
            Forwarded = forwarded,
            Providers = providers,
            WebSafeApplications = applications,
            Upstreams = upstreams,
            Policies = policies,
        };
    }

    private void AddLayers(
        string? configurationFile,
        IReadOnlyDictionary<string, (string Option, string Value)> options,
        IReadOnlyDictionary<string, (string Option, IReadOnlyList<string> Values)>? lists)
    {
        AddFile(_surroundings.MachineConfiguration);
        if (configurationFile is not null && !File.Exists(configurationFile))
        {
            _problems.Add(new ConfigurationProblem(configurationFile, "there is no such file", IsInvalid: true));
        }

        AddFile(configurationFile ?? new UserPaths(_surroundings).UserConfiguration);
        AddEnvironment();
        Dictionary<string, ConfigurationNode> nodes = [];
        foreach ((string name, (string option, IReadOnlyList<string> given)) in lists
            ?? new Dictionary<string, (string Option, IReadOnlyList<string> Values)>())
        {
            ConfigurationNode[] items = [.. given.Select(value => new ConfigurationNode.Text(value, option))];
            nodes[name] = new ConfigurationNode.List(items, option);
        }

        AddValues(
            options.ToDictionary(pair => pair.Key, pair => (string?)pair.Value.Value),
            name => options[name].Option,
            nodes);
    }

    private void AddFile(string path)
    {
        ConfigurationFile? file = ConfigurationFile.Read(path);
        if (file is null)
        {
            return;
        }

        _files.Add(path);
        _problems.AddRange(file.Problems);
        if (file.Values is null)
        {
            return;
        }

        foreach ((string name, ConfigurationNode node) in file.Nodes)
        {
            if (!SettingNames.All.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                _problems.Add(Unknown(node.Where, name, SettingNames.All));
            }
            else if (SettingNames.Texts.Contains(name, StringComparer.OrdinalIgnoreCase)
                && node is not (ConfigurationNode.Text or ConfigurationNode.Nothing))
            {
                _nodes.Wrong(node, $"\"{name}\" must be a text or a number");
            }
        }

        _layers.Add(new Layer(file.Values, file.Where, file.Nodes));
    }

    private void AddEnvironment()
    {
        Dictionary<string, string?> values = [];
        foreach (string name in SettingNames.Texts)
        {
            if (_surroundings.Variable(SettingNames.Variable(name)) is string value)
            {
                values[name] = value;
            }
        }

        IEnumerable<string> unknown = _surroundings.Environment.Keys.Where(variable =>
            variable.StartsWith(SettingNames.VariablePrefix, StringComparison.Ordinal)
            && !SettingNames.Texts.Any(name => SettingNames.Variable(name) == variable));
        string[] variables = [.. SettingNames.Texts.Select(SettingNames.Variable)];
        _problems.AddRange(unknown.Select(variable => Unknown(variable, variable, variables)));
        AddValues(values, SettingNames.Variable, new Dictionary<string, ConfigurationNode>());
    }

    private void AddValues(
        Dictionary<string, string?> values,
        Func<string, string> where,
        IReadOnlyDictionary<string, ConfigurationNode> nodes)
    {
        using ConfigurationRoot root =
            (ConfigurationRoot)new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        _layers.Add(new Layer(root.Providers.Single(), where, nodes));
    }

    private List<SettingValue> ReadTexts()
    {
        UserPaths paths = new(_surroundings);
        SettingValue keyDirectory = Effective(SettingNames.KeyDirectory, paths.KeyDirectory);
        // Keys in a place of their own bring their public halves along.
        string publicKeys = keyDirectory.Origin == Default ? paths.PublicKeyDirectory : keyDirectory.Value!;
        return
        [
            Effective(SettingNames.Socket, paths.Socket),
            Effective(SettingNames.CygwinSocket, paths.CygwinSocket),
            Effective(SettingNames.OpenSshConfig, null),
            Effective(SettingNames.Tpm, OperatingSystem.IsWindows() ? "tbs" : "device:/dev/tpmrm0"),
            Effective(SettingNames.Piv, "on"),
            keyDirectory,
            Effective(SettingNames.PublicKeyDirectory, publicKeys),
            Effective(SettingNames.PinCache, "until-removed"),
            Effective(SettingNames.PromptTimeout, "2m"),
            Effective(SettingNames.OwnerPasswordFile, null),
            Effective(SettingNames.ConfirmGrant, "0"),
            Effective(SettingNames.ConfirmCoolDown, "5s"),
            Effective(SettingNames.KeyLifetime, null),
            Effective(SettingNames.AuditFile, paths.AuditFile),
            Effective(SettingNames.AuditFull, "continue"),
            Effective(SettingNames.OnSessionLock, "drop-pins"),
            Effective(SettingNames.OnSleep, "drop-pins"),
            Effective(SettingNames.Notify, "nothing"),
            Effective(SettingNames.EventLog, "off"),
        ];
    }

    private SettingValue Effective(string name, string? whenUnset)
    {
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            if (_layers[i].Values.TryGet(name, out string? text) && !string.IsNullOrEmpty(text))
            {
                return Checked(name, text, _layers[i].Where(name));
            }
        }

        return new SettingValue(name, whenUnset, Default);
    }

    private SettingValue Checked(string name, string text, string where)
    {
        bool isOption = where.StartsWith("--", StringComparison.Ordinal);
        try
        {
            return new SettingValue(
                name, SettingText.Parse(name, text, isOption, _surroundings.HomeDirectory), where);
        }
        catch (FormatException e)
        {
            _problems.Add(
                new ConfigurationProblem(where, $"{name} is \"{text}\", but {e.Message}", IsInvalid: true));
            return new SettingValue(name, text, where);
        }
    }

    // Every layer is read, so that what is wrong in one that another replaces is found too.
    private T ReadList<T>(
        string name, Func<ConfigurationNode, T> read, T whenUnset, Func<T, string?> show, List<SettingValue> values)
    {
        (T value, string origin) = (whenUnset, Default);
        foreach (ConfigurationNode node in NodesOf(name))
        {
            (value, origin) = (read(node), node.Where);
        }

        values.Add(new SettingValue(name, show(value), origin));
        return value;
    }

    private KeyPolicies ReadPolicies(List<SettingValue> values)
    {
        KeyPolicyReader reader = new(_nodes);
        Dictionary<string, KeyPolicyEntry> entries = [];
        OrderedDictionary<string, SettingValue> shown = [];
        foreach (ConfigurationNode node in NodesOf(SettingNames.Keys))
        {
            if (!_nodes.TrySection(node, SettingNames.Keys, out ConfigurationNode.Section? keys))
            {
                continue;
            }

            foreach ((string key, ConfigurationNode policy) in keys.Properties)
            {
                if (_nodes.TrySection(policy, $"the policy of \"{key}\"", out ConfigurationNode.Section? section))
                {
                    entries[key] = reader.Read(key, section).Over(entries.GetValueOrDefault(key, new KeyPolicyEntry()));
                    foreach ((string property, ConfigurationNode value) in section.Properties)
                    {
                        string name = $"{SettingNames.Keys}.{key}.{property}";
                        shown[name] = new SettingValue(name, value.Shown, value.Where);
                    }
                }
            }
        }

        values.AddRange(shown.Count > 0 ? shown.Values : [new SettingValue(SettingNames.Keys, null, Default)]);
        return new KeyPolicies(entries);
    }

    private IEnumerable<ConfigurationNode> NodesOf(string name) =>
        from layer in _layers
        where layer.Nodes.ContainsKey(name)
        let node = layer.Nodes[name]
        where node is not ConfigurationNode.Nothing
        select node;

    private static string? Shown<T>(IEnumerable<T> list) =>
        string.Join(", ", list) is { Length: > 0 } text ? text : null;

    private static string? Shown(ForwardedRights rights) =>
        rights == ForwardedRights.None ? null : rights.ToString().ToLowerInvariant();

    private static ConfigurationProblem Unknown(string where, string name, IEnumerable<string> known) =>
        new(where, $"\"{name}\" is not a setting; there are {string.Join(", ", known)}", IsInvalid: false);

    /// <summary>One place that settings come from.</summary>
    /// <param name="Values">Those that are one text.</param>
    /// <param name="Where">Where one of them stands.</param>
    /// <param name="Nodes">Those that are lists or objects.</param>
    private sealed record Layer(
        IConfigurationProvider Values,
        Func<string, string> Where,
        IReadOnlyDictionary<string, ConfigurationNode> Nodes);
}
