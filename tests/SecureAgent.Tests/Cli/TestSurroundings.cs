using SecureAgent.Cli;
using SecureAgent.Tests.Backends.Piv;

namespace SecureAgent.Tests.Cli;

/// <summary>A process of a test's own: empty environment, a home in a temporary directory, nobody at the
/// terminal.</summary>
internal sealed class TestSurroundings : IDisposable
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    /// <summary>The home directory.</summary>
    public string Home { get; } = Directory.CreateTempSubdirectory("sa-cli-").FullName;

    /// <summary>The environment.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>What was printed.</summary>
    public string Out => _out.ToString();

    /// <summary>What was said.</summary>
    public string Error => _error.ToString();

    /// <summary>The smart card readers: none, until a test puts a card in.</summary>
    public SimulatedReaders SmartCardReaders { get; } = new();

    /// <summary>PCSCLITE_CSOCK_NAME of programs that a test starts: no pcscd, neither the machine's nor that of a test
    /// at the same time.</summary>
    public string NoPcscd => Path.Combine(Home, "pcscd.comm");

    /// <summary>For the code under test.</summary>
    public Surroundings Value => new(_out, _error, Environment, InputIsTerminal: false, Home)
    {
        MachineConfiguration = Path.Combine(Home, "etc", "config.json"),
        SmartCardReaders = () => SmartCardReaders,
    };

    /// <summary>Writes a file below home and returns its path.</summary>
    public string Write(string name, string text)
    {
        string path = Path.GetFullPath(Path.Combine(Home, name));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes a program of the shell and returns its path.</summary>
    public string Program(string name, string script)
    {
        string path = Write(name, "#!/bin/sh\n" + script);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>Runs a command line in this process.</summary>
    public Task<int> RunAsync(params string[] arguments) =>
        CommandTree.RunAsync(arguments, Value, TestContext.Current.CancellationToken);

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
        Directory.Delete(Home, recursive: true);
    }
}
