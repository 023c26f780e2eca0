using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace SecureAgent.Cli.Configuration;

/// <summary>One configuration file.</summary>
internal sealed class ConfigurationFile
{
    private const int MaxBytes = 1024 * 1024;

    private readonly List<ConfigurationProblem> _problems = [];

    private ConfigurationFile(string path) => Path = path;

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Those of its values that are one text.</summary>
    public IConfigurationProvider? Values { get; private set; }

    /// <summary>Everything in it, by the name of the setting.</summary>
    public IReadOnlyDictionary<string, ConfigurationNode> Nodes { get; private set; } =
        new Dictionary<string, ConfigurationNode>();

    /// <summary>What is wrong with it as JSON; if anything is, its values are not used.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => _problems;

    /// <summary>Reads <paramref name="path"/>.</summary>
    /// <returns>The file; <see langword="null"/> if there is none.</returns>
    public static ConfigurationFile? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        ConfigurationFile file = new(path);
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                throw new IOException($"it is larger than {MaxBytes} bytes");
            }

            // Also takes away a byte order mark, and understands the UTF-16 that Windows editors may write.
            file.Parse(File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)));
        }
        catch (JsonException e)
        {
            file.Fail(e.LineNumber is long line ? $"{path}:{line + 1}" : path, "this is not JSON: " + Sentence(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            file.Fail(path, "cannot be read: " + e.Message);
        }

        return file;
    }

    /// <summary><c>FILE:LINE</c> of a setting.</summary>
    public string Where(string name) => Nodes.TryGetValue(name, out ConfigurationNode? node) ? node.Where : Path;

    private void Parse(string text)
    {
        if (ConfigurationParser.Parse(Path, Encoding.UTF8.GetBytes(text), _problems) is not { } root)
        {
            Fail(Path, "the configuration must be one JSON object, as { \"tpm\": \"device:/dev/tpmrm0\" }");
            return;
        }

        if (_problems.Count > 0)
        {
            return;
        }

        IEnumerable<KeyValuePair<string, string?>> texts =
            from pair in root.Properties
            where pair.Value is ConfigurationNode.Text
            select KeyValuePair.Create<string, string?>(pair.Key, ((ConfigurationNode.Text)pair.Value).Value);
        using ConfigurationRoot flat =
            (ConfigurationRoot)new ConfigurationBuilder().AddInMemoryCollection(texts).Build();
        Values = flat.Providers.Single();
        Nodes = root.Properties;
    }

    private void Fail(string where, string message) =>
        _problems.Add(new ConfigurationProblem(where, message, IsInvalid: true));

    // The exception's text ends in its own count of lines, from 0.
    private static string Sentence(JsonException e)
    {
        int end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
