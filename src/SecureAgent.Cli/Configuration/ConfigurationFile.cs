using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace SecureAgent.Cli.Configuration;

/// <summary>One configuration file: its values, and the line of each key for messages.</summary>
internal sealed class ConfigurationFile
{
    private const int MaxBytes = 1024 * 1024;

    private readonly Dictionary<string, long> _lines = new(StringComparer.OrdinalIgnoreCase);

    private ConfigurationFile(string path) => Path = path;

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Its values.</summary>
    public IConfigurationProvider? Values { get; private set; }

    /// <summary>What is wrong with it as JSON; its values are then not used.</summary>
    public ConfigurationProblem? Problem { get; private set; }

    /// <summary>Its keys as they are written.</summary>
    public IEnumerable<string> Keys => _lines.Keys;

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

    /// <summary><c>FILE:LINE</c> of a key.</summary>
    public string Where(string key) => _lines.TryGetValue(key, out long line) ? $"{Path}:{line}" : Path;

    private void Parse(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        if (!IndexLines(utf8))
        {
            return;
        }

        using MemoryStream stream = new(utf8);
        using ConfigurationRoot root = (ConfigurationRoot)new ConfigurationBuilder().AddJsonStream(stream).Build();
        Values = root.Providers.Single();
    }

    private bool IndexLines(byte[] utf8)
    {
        Utf8JsonReader reader = new(
            utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            Fail(Path, "the configuration must be one JSON object, as { \"tpm\": \"device:/dev/tpmrm0\" }");
            return false;
        }

        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                long line = 1 + utf8.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n');
                string key = reader.GetString()!; // A property name is a string.
                reader.Read();
                if (!_lines.TryAdd(key, line))
                {
                    Fail($"{Path}:{line}", $"\"{key}\" is there twice; the first is on line {_lines[key]}");
                    return false;
                }

                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    Fail($"{Path}:{line}", $"\"{key}\" must be a text or a number");
                    return false;
                }
            }
        }

        return true;
    }

    private void Fail(string where, string message) =>
        Problem = new ConfigurationProblem(where, message, IsInvalid: true);

    // The exception's text ends in its own count of lines, from 0.
    private static string Sentence(JsonException e)
    {
        int end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
