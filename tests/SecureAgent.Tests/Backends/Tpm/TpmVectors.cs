namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Where the golden vectors are.</summary>
internal static class TpmVectors
{
    /// <summary>The path of a vector.</summary>
    public static string Path(string name) =>
        System.IO.Path.Combine(AppContext.BaseDirectory, "Backends", "Tpm", "Vectors", name);
}
