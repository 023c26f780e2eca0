using SecureAgent.Tests.Backends.Pkcs11;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>A security key in software (<c>Middleware/sk-test.c</c>), compiled to where it may be loaded from, and a
/// person who has keys on it.</summary>
public sealed class SecurityKeyMiddleware : IAsyncLifetime
{
    /// <summary>The PIN of keys that need one.</summary>
    public const string Pin = "271828";

    private TrustedDirectory? _directory;

    /// <summary>The library's path.</summary>
    internal string Library { get; private set; } = "";

    /// <summary>The person.</summary>
    internal Home Home { get; } = new();

    /// <summary>The options of an agent that may load the library.</summary>
    internal string[] Allowed => ["-P", Library];

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsLinux() || Requires.Find("gcc") is not { } compiler)
        {
            return; // Each test says so itself.
        }

        _directory = new TrustedDirectory();
        Library = Path.Combine(_directory.Path, "sk-test.so");
        string source = Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Middleware", "sk-test.c");
        // By its full name there is no need for libcrypto's development files.
        (await new Command(Home.Environment, compiler, "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Werror",
            "-shared", "-fPIC", "-o", Library, source, "-l:libcrypto.so.3").RunAsync()).Succeeded();
        File.SetUnixFileMode(Library, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public ValueTask DisposeAsync()
    {
        if (OperatingSystem.IsLinux())
        {
            _directory?.Dispose();
        }

        Home.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the test unless everything that a security key needs is there.</summary>
    internal static void Require()
    {
        Needs.LinuxWith("ssh", "ssh-agent", "ssh-add", "ssh-keygen", "gcc");
        Requires.File("/usr/lib/openssh/ssh-sk-helper", "openssh-client");
    }

    /// <summary>Makes a key on it and returns the path of the file that holds its handle.</summary>
    /// <param name="name">Its comment and file name.</param>
    /// <param name="type">As <c>ssh-keygen -t</c> names it.</param>
    /// <param name="options">Values of <c>ssh-keygen -O</c>.</param>
    internal async Task<string> KeyAsync(string name, string type = "ed25519-sk", params string[] options)
    {
        string file = Home.File($"tmp/{name}-{Path.GetRandomFileName()}");
        string[] arguments =
        [
            "-q", "-t", type, "-w", Library, "-N", "", "-C", name, "-f", file,
            .. options.SelectMany(option => new[] { "-O", option }),
        ];
        (await new Command(Home.Environment, Requires.Tool("ssh-keygen"), arguments).RunAsync()).Succeeded();
        return file;
    }

    /// <summary>Copies the public half to where no handle lies beside it, so that a client needs the agent.</summary>
    internal string Alone(string file)
    {
        string copy = Path.Combine(Home.PrivateDirectory("tmp/alone"), Path.GetFileName(file) + ".pub");
        File.Copy(file + ".pub", copy, overwrite: true);
        return copy;
    }
}
