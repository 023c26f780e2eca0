using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

/// <summary>The files in Wire/Vectors; ORIGIN.md there says which command made each.</summary>
internal static class WireVectors
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Wire", "Vectors");

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static string Text(string name) => File.ReadAllText(Path.Combine(Folder, name));

    /// <summary>A recorded request, of the type that it must be.</summary>
    public static T Request<T>(string name)
        where T : AgentRequest => Assert.IsType<T>(AgentRequest.Decode(Bytes(name)));

    /// <summary>The names that match a pattern, sorted, and at least one.</summary>
    public static IReadOnlyList<string> Names(string pattern)
    {
        string[] names = [.. Directory.GetFiles(Folder, pattern).Select(path => Path.GetFileName(path)).Order()];
        Assert.NotEmpty(names);
        return names;
    }

    public static TheoryData<string> Theory(string pattern) => [.. Names(pattern)];

    /// <summary>The blob in a <c>.pub</c> file, decoded without the code under test.</summary>
    public static byte[] Blob(string name) => Convert.FromBase64String(Text(name).Split(' ')[1].Trim());
}
