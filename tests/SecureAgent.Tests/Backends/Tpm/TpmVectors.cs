namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>The files in Backends/Tpm/Vectors; the first lines of each say which command made it.</summary>
internal static class TpmVectors
{
    public static byte[] Bytes(string name) => File.ReadAllBytes(Path(name));

    /// <summary>The DER in a PEM file, decoded without the code under test.</summary>
    public static byte[] Der(string name)
    {
        string[] lines = File.ReadAllLines(Path(name));
        return Convert.FromBase64String(string.Concat(lines.SkipWhile(line => !line.StartsWith("-----BEGIN ")).Skip(1)
            .TakeWhile(line => !line.StartsWith("-----END "))));
    }

    /// <summary>The path of a vector.</summary>
    public static string Path(string name) =>
        System.IO.Path.Combine(AppContext.BaseDirectory, "Backends", "Tpm", "Vectors", name);
}
