using System.Text;
using System.Text.Json;

namespace SecureAgent.Cli.Configuration;

/// <summary>Reads JSON with comments into <see cref="ConfigurationNode"/>s, which know their lines.</summary>
internal ref struct ConfigurationParser
{
    private readonly string _path;
    private readonly ReadOnlySpan<byte> _utf8;
    private readonly List<ConfigurationProblem> _problems;
    private Utf8JsonReader _reader;
    private int _counted;
    private long _line;

    private ConfigurationParser(string path, ReadOnlySpan<byte> utf8, List<ConfigurationProblem> problems)
    {
        (_path, _problems) = (path, problems);
        _utf8 = utf8;
        _reader = new Utf8JsonReader(
            utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        (_counted, _line) = (0, 1);
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="utf8">Its text.</param>
    /// <param name="problems">Receives names that are there twice.</param>
    /// <returns>Its settings, found whatever the case of their names; <see langword="null"/> if it is no
    /// object.</returns>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static ConfigurationNode.Section? Parse(
        string path, ReadOnlySpan<byte> utf8, List<ConfigurationProblem> problems)
    {
        ConfigurationParser parser = new(path, utf8, problems);
        if (!parser._reader.Read() || parser._reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        ConfigurationNode.Section root = parser.ReadSection(path, StringComparer.OrdinalIgnoreCase);
        _ = parser._reader.Read(); // Throws if something follows.
        return root;
    }

    private ConfigurationNode Read(string where) => _reader.TokenType switch
    {
        JsonTokenType.StartObject => ReadSection(where, StringComparer.Ordinal),
        JsonTokenType.StartArray => ReadList(where),
        JsonTokenType.True or JsonTokenType.False => new ConfigurationNode.Flag(_reader.GetBoolean(), where),
        JsonTokenType.Number => new ConfigurationNode.Text(Encoding.UTF8.GetString(_reader.ValueSpan), where),
        JsonTokenType.String => new ConfigurationNode.Text(ReadText(), where),
        _ => new ConfigurationNode.Nothing(where),
    };

    private ConfigurationNode.Section ReadSection(string where, StringComparer names)
    {
        Dictionary<string, ConfigurationNode> properties = new(names);
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            string name = ReadText();
            string here = Where();
            _reader.Read();
            ConfigurationNode value = Read(here);
            if (!properties.TryAdd(name, value))
            {
                _problems.Add(new ConfigurationProblem(
                    here, $"\"{name}\" is there twice; the first is at {properties[name].Where}", IsInvalid: true));
            }
        }

        return new ConfigurationNode.Section(properties, where);
    }

    private ConfigurationNode.List ReadList(string where)
    {
        List<ConfigurationNode> items = [];
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(Read(Where()));
        }

        return new ConfigurationNode.List(items, where);
    }

    private string ReadText()
    {
        try
        {
            return _reader.GetString()!; // Only called at texts and names.
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a text is half of a surrogate pair.", null, CountLines() - 1, null, e);
        }
    }

    private string Where() => $"{_path}:{CountLines()}";

    private long CountLines()
    {
        int start = (int)_reader.TokenStartIndex;
        _line += _utf8[_counted..start].Count((byte)'\n');
        _counted = start;
        return _line;
    }
}
