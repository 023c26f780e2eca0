using System.Diagnostics;
using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>A temporary directory with everything that the measured programs read and write, and their
/// environment.</summary>
internal sealed class Workplace : IDisposable
{
    private const string Pin = "271828";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Dictionary<string, string> _environment;

    public Workplace()
    {
        Root = Directory.CreateTempSubdirectory("sab-").FullName;
        foreach (string name in new[] { "home", "run", "keys", "tpm" })
        {
            if (!OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Path.Combine(Root, name), OwnerOnly);
            }
        }

        string askpass = Path.Combine(Root, "askpass");
        File.WriteAllText(askpass, $"#!/bin/sh\necho {Pin}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(askpass, OwnerOnly);
        }

        _environment = new Dictionary<string, string>
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
            ["HOME"] = Path.Combine(Root, "home"),
            ["TMPDIR"] = Path.Combine(Root, "run"),
            ["XDG_RUNTIME_DIR"] = Path.Combine(Root, "run"),
            ["LC_ALL"] = "C.UTF-8",
            ["SSH_ASKPASS"] = askpass,
            ["SSH_ASKPASS_REQUIRE"] = "force",
            ["SECUREAGENT_KEYDIRECTORY"] = KeyDirectory,
            ["SECUREAGENT_PINCACHE"] = "until-removed",
        };
        foreach (string name in new[] { "DOTNET_ROOT", "WINEPREFIX", "WINEDEBUG", "DISPLAY" })
        {
            if (Environment.GetEnvironmentVariable(name) is string value)
            {
                _environment[name] = value;
            }
        }
    }

    /// <summary>The directory itself.</summary>
    public string Root { get; }

    /// <summary>Where the key files are.</summary>
    public string KeyDirectory => Path.Combine(Root, "keys");

    /// <summary>The program that is measured.</summary>
    public static string SecureAgent =>
        Environment.GetEnvironmentVariable("SECURE_AGENT_PROGRAM") is { Length: > 0 } path
            ? Path.GetFullPath(path)
            : Path.Combine(AppContext.BaseDirectory, "secure-agent");

    /// <summary>The program of the simulated TPM.</summary>
    public static string HwSim => Path.Combine(AppContext.BaseDirectory, "hwsim");

    /// <summary>A path in the runtime directory.</summary>
    public string Socket(string name) => Path.Combine(Root, "run", name);

    /// <summary>Starts a program in the background.</summary>
    public Process Start(string program, params string[] arguments) => Start(program, arguments, piped: false);

    /// <summary>Starts a program that reads its input from this one, and whose errors stand among ours.</summary>
    public Process StartPiped(string program, params string[] arguments) => Start(program, arguments, piped: true);

    private Process Start(string program, string[] arguments, bool piped)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = piped,
            RedirectStandardOutput = true,
            RedirectStandardError = !piped,
        };
        start.Environment.Clear();
        foreach ((string name, string value) in _environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Starts a program and takes its words away, so that it never waits for a reader.</summary>
    public Process StartQuiet(string program, params string[] arguments)
    {
        Process process = Start(program, arguments);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Runs a program to its end and returns its output; throws what it said if it failed.</summary>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}{await error}");
    }

    /// <summary>Makes a software key and adds it to agents.</summary>
    public async Task AddKeyAsync(KeyKind key, params Agent[] agents)
    {
        string bits = key.Bits.ToString(CultureInfo.InvariantCulture);
        await RunAsync("ssh-keygen", "-q", "-t", key.Type, "-b", bits, "-N", "", "-f", KeyFile(key));
        foreach (Agent agent in agents)
        {
            await RunAsync("env", $"SSH_AUTH_SOCK={agent.Socket}", "ssh-add", "-q", KeyFile(key));
        }
    }

    /// <summary>The public key of a key that <see cref="AddKeyAsync"/> made.</summary>
    public byte[] PublicBlob(KeyKind key) =>
        Convert.FromBase64String(File.ReadAllText(KeyFile(key) + ".pub").Split(' ')[1]);

    private string KeyFile(KeyKind key) => Path.Combine(Root, key.Name);

    /// <summary>Ends a process that this program started. An agent that is not told to end leaves its keys in the
    /// TPM's few slots.</summary>
    public static async Task StopAsync(Process process)
    {
        if (Libc.Kill(process.Id, Libc.SIGTERM) != 0)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
