using System.Runtime.Versioning;

namespace SecureAgent.Tests.Backends.Pkcs11;

/// <summary>A directory that only this user and root can change, as those above it: not below /tmp. It is removed with
/// everything in it.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class TrustedDirectory : IDisposable
{
    public TrustedDirectory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Modules are checked on Linux only.");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Path = System.IO.Path.Combine(home, $".sa-test-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        string path = System.IO.Path.Combine(Path, name);
        string directory = System.IO.Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory);
        File.WriteAllText(path, name);
        // Whatever the umask is.
        File.SetUnixFileMode(directory, Owner | UnixFileMode.UserExecute);
        File.SetUnixFileMode(path, Owner);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
