namespace SecureAgent.Cli.Configuration;

/// <summary>One value of a configuration file as it is written there. Unlike the flat pairs of
/// <c>Microsoft.Extensions.Configuration</c> it keeps the kind of the value, empty lists, and names with a colon in
/// them, such as fingerprints.</summary>
/// <param name="Where">The file and line as <c>FILE:LINE</c>, or the option.</param>
internal abstract record ConfigurationNode(string Where)
{
    /// <summary>As <c>config show</c> prints it.</summary>
    public virtual string Shown => "";

    /// <summary>A text, or a number as it is written.</summary>
    internal sealed record Text(string Value, string Where) : ConfigurationNode(Where)
    {
        /// <inheritdoc/>
        public override string Shown => Value;
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    internal sealed record Flag(bool Value, string Where) : ConfigurationNode(Where)
    {
        /// <inheritdoc/>
        public override string Shown => Value ? "true" : "false";
    }

    /// <summary><c>null</c>.</summary>
    internal sealed record Nothing(string Where) : ConfigurationNode(Where);

    /// <summary>A list in brackets.</summary>
    internal sealed record List(IReadOnlyList<ConfigurationNode> Items, string Where) : ConfigurationNode(Where)
    {
        /// <inheritdoc/>
        public override string Shown => Items.Count == 0 ? "nothing" : string.Join(", ", Items.Select(i => i.Shown));
    }

    /// <summary>Names and values in braces, in the order of the file.</summary>
    internal sealed record Section(IReadOnlyDictionary<string, ConfigurationNode> Properties, string Where)
        : ConfigurationNode(Where);
}
