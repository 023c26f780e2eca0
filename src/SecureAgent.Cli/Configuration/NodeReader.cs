using System.Diagnostics.CodeAnalysis;

namespace SecureAgent.Cli.Configuration;

/// <summary>Takes values out of <see cref="ConfigurationNode"/>s and notes those that are not what they must
/// be.</summary>
internal sealed class NodeReader
{
    private readonly List<ConfigurationProblem> _problems;

    /// <summary>Creates the reader.</summary>
    /// <param name="problems">Receives what is wrong.</param>
    public NodeReader(List<ConfigurationProblem> problems) => _problems = problems;

    /// <summary>Notes that a value is wrong.</summary>
    public void Wrong(ConfigurationNode node, string message) =>
        _problems.Add(new ConfigurationProblem(node.Where, message, IsInvalid: true));

    /// <summary>Reads a text.</summary>
    /// <param name="node">The value.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="check">What it must be, as <c>must be ...</c>, if the text is not that.</param>
    /// <returns><see langword="null"/> if it is wrong.</returns>
    public string? Text(ConfigurationNode node, string name, Func<string, string?> check)
    {
        if (node is not ConfigurationNode.Text { Value: string text })
        {
            Wrong(node, $"{name} must be a text");
            return null;
        }

        if (check(text) is not string must)
        {
            return text;
        }

        Wrong(node, $"{name} is \"{text}\", but {must}");
        return null;
    }

    /// <summary>Reads a list of texts, without those that are wrong; parameters are those of
    /// <see cref="Text"/>.</summary>
    public List<string> Texts(ConfigurationNode node, string name, Func<string, string?> check)
    {
        if (node is ConfigurationNode.List list)
        {
            return [.. list.Items.Select(item => Text(item, name, check)).OfType<string>()];
        }

        Wrong(node, $"{name} must be a list of texts in brackets");
        return [];
    }

    /// <summary>Reads <c>true</c> or <c>false</c>.</summary>
    /// <returns><see langword="null"/> if it is wrong.</returns>
    public bool? Flag(ConfigurationNode node, string name)
    {
        if (node is ConfigurationNode.Flag flag)
        {
            return flag.Value;
        }

        Wrong(node, $"{name} must be true or false, without quotation marks");
        return null;
    }

    /// <summary>Reads an object.</summary>
    public bool TrySection(
        ConfigurationNode node, string name, [NotNullWhen(true)] out ConfigurationNode.Section? section)
    {
        section = node as ConfigurationNode.Section;
        if (section is null)
        {
            Wrong(node, $"{name} must be an object in braces");
        }

        return section is not null;
    }
}
