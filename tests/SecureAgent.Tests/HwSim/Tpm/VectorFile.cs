namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>A file of named hexadecimal values under Vectors/; '#' lines tell where they come from.</summary>
internal static class VectorFile
{
    /// <summary>The values in order.</summary>
    public static IEnumerable<(string Name, string Value)> Read(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "HwSim", "Tpm", "Vectors", file))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' ', 2))
            .Select(parts => (parts[0], parts[1]));

    /// <summary>Groups of values; each group begins with a value named <paramref name="first"/>, which is not hexadecimal.</summary>
    public static IReadOnlyList<Dictionary<string, string>> Groups(string file, string first)
    {
        List<Dictionary<string, string>> groups = [];
        foreach ((string name, string value) in Read(file))
        {
            if (name == first)
            {
                groups.Add([]);
            }

            groups[^1].Add(name, value);
        }

        return groups;
    }
}
