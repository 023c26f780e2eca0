using SecureAgent.Core;

namespace SecureAgent.Cli.Configuration;

/// <summary>Reads the settings that are lists.</summary>
internal sealed class ListSettingReader
{
    private readonly NodeReader _nodes;
    private readonly string _home;

    /// <summary>Creates the reader.</summary>
    /// <param name="nodes">Reads single values.</param>
    /// <param name="home">What <c>~</c> stands for.</param>
    public ListSettingReader(NodeReader nodes, string home) => (_nodes, _home) = (nodes, home);

    /// <summary>Reads <see cref="SettingNames.Channels"/>.</summary>
    public IReadOnlyList<string> ReadChannels(ConfigurationNode node)
    {
        List<string> channels = _nodes.Texts(node, SettingNames.Channels, text => ChannelNames.All.Contains(text)
            ? null
            : $"must be one of {string.Join(", ", ChannelNames.All)}");
        if (node is ConfigurationNode.List { Items.Count: 0 })
        {
            _nodes.Wrong(node, "an agent without channels serves nobody; leave channels out for all");
        }

        return [.. channels.Distinct()];
    }

    /// <summary>Reads <see cref="SettingNames.Forwarded"/>.</summary>
    public ForwardedRights ReadForwarded(ConfigurationNode node)
    {
        ForwardedRights rights = ForwardedRights.None;
        foreach (string text in _nodes.Texts(
            node, SettingNames.Forwarded, text => RightOf(text) == ForwardedRights.None
                ? "must be add, remove, lock or providers" : null))
        {
            rights |= RightOf(text);
        }

        return rights;
    }

    /// <summary>Reads <see cref="SettingNames.Providers"/>.</summary>
    public IReadOnlyList<string> ReadProviders(ConfigurationNode node) =>
    [
        .. _nodes.Texts(node, SettingNames.Providers, WrongProvider).Select(text => text.StartsWith('!')
            ? "!" + SettingText.ExpandTilde(text[1..], _home)
            : SettingText.ExpandTilde(text, _home)),
    ];

    /// <summary>Reads <see cref="SettingNames.WebSafeApplications"/>.</summary>
    public IReadOnlyList<string> ReadWebSafeApplications(ConfigurationNode node) => _nodes.Texts(
        node,
        SettingNames.WebSafeApplications,
        text => text.Length == 0 ? "must be an application such as ssh:*" : null);

    /// <summary>Reads <see cref="SettingNames.Upstreams"/>.</summary>
    public IReadOnlyList<UpstreamSetting> ReadUpstreams(ConfigurationNode node)
    {
        if (node is ConfigurationNode.List list)
        {
            return [.. list.Items.Select(ReadUpstream).OfType<UpstreamSetting>()];
        }

        _nodes.Wrong(node, "upstreams must be a list in brackets, of endpoints or of objects with an endpoint");
        return [];
    }

    private UpstreamSetting? ReadUpstream(ConfigurationNode node)
    {
        if (node is ConfigurationNode.Text)
        {
            return ReadEndpoint(node) is string alone ? new UpstreamSetting(alone, null) : null;
        }

        if (!_nodes.TrySection(node, "an upstream", out ConfigurationNode.Section? section))
        {
            return null;
        }

        string? endpoint = null;
        IReadOnlyList<string>? filter = null;
        foreach ((string property, ConfigurationNode value) in section.Properties)
        {
            switch (property)
            {
                case "endpoint":
                    endpoint = ReadEndpoint(value);
                    break;
                case "filter":
                    filter = ReadFilter(value);
                    break;
                default:
                    _nodes.Wrong(value, $"\"{property}\" is nothing that an upstream has; there are endpoint, filter");
                    break;
            }
        }

        if (!section.Properties.ContainsKey("endpoint"))
        {
            _nodes.Wrong(node, "an upstream must have an endpoint, the path of its socket");
        }

        return endpoint is null ? null : new UpstreamSetting(endpoint, filter);
    }

    private string? ReadEndpoint(ConfigurationNode node)
    {
        AgentEndpoint? endpoint = null;
        string? text = _nodes.Text(node, "an upstream's endpoint", text =>
        {
            try
            {
                bool isOption = node.Where.StartsWith("--", StringComparison.Ordinal);
                endpoint = AgentEndpoint.Parse(text, isOption, _home);
                return null;
            }
            catch (FormatException exception)
            {
                return exception.Message;
            }
        });
        return text is null ? null : endpoint?.ToString();
    }

    private List<string> ReadFilter(ConfigurationNode node)
    {
        List<string> filter = _nodes.Texts(node, "a filter", WrongFilter);
        if (node is ConfigurationNode.List { Items.Count: 0 })
        {
            _nodes.Wrong(node, "an empty filter would take no key; leave it out to take all");
        }

        return filter;
    }

    private string? WrongProvider(string text)
    {
        string pattern = text.StartsWith('!') ? text[1..] : text;
        bool mayMatch = pattern.StartsWith('*') || SettingText.IsAbsolute(pattern, _home);
        return mayMatch && !pattern.Contains(',', StringComparison.Ordinal)
            ? null
            : "must be one pattern of absolute paths, such as /usr/lib/*";
    }

    private static string? WrongFilter(string text)
    {
        string pattern = text.StartsWith('!') ? text[1..] : text;
        bool isWrong = pattern.StartsWith(KeyPolicies.FingerprintPrefix, StringComparison.Ordinal)
            ? !KeyPolicyReader.IsFingerprint(pattern)
            : pattern.Length == 0;
        return isWrong ? "must be a whole fingerprint or a pattern of comments, with ! before it to leave out" : null;
    }

    private static ForwardedRights RightOf(string text) => text switch
    {
        "add" => ForwardedRights.Add,
        "remove" => ForwardedRights.Remove,
        "lock" => ForwardedRights.Lock,
        "providers" => ForwardedRights.Providers,
        _ => ForwardedRights.None,
    };
}
