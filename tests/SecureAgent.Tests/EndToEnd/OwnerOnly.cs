namespace SecureAgent.Tests.EndToEnd;

/// <summary>Files and directories that only their owner may use.</summary>
internal static class OwnerOnly
{
    private const UnixFileMode All = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes a directory and returns its full path.</summary>
    public static string Directory(string path) =>
        OperatingSystem.IsWindows()
            ? throw new PlatformNotSupportedException()
            : System.IO.Directory.CreateDirectory(path, All).FullName;

    /// <summary>Writes a program.</summary>
    public static void Program(string path, string text)
    {
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, All);
        }
    }
}
