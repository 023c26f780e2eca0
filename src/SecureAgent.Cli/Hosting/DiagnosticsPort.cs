using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace SecureAgent.Cli.Hosting;

/// <summary>Every .NET process with a just-in-time compiler listens on a diagnostics socket, through which any program
/// of the same user can read its memory and load code into it. Only an environment variable that is there before the
/// runtime starts closes it (DOTNET_EnableDiagnostics), so that the agent starts itself a second time, in the same
/// process, with that variable set. The program compiled ahead of time has no such socket.</summary>
internal static unsafe class DiagnosticsPort
{
    private const string Setting = "DOTNET_EnableDiagnostics";
    private const string OlderSetting = "COMPlus_EnableDiagnostics";
    private const string Marker = "SECURE_AGENT_RESTARTED";
    private const string Open =
        "programs of this user may read the agent's memory through .NET's diagnostics socket:";

    /// <summary>Takes out of <paramref name="environment"/> what <see cref="Close"/> put in, so that no command
    /// inherits it.</summary>
    public static void Forget(IDictionary<string, string> environment)
    {
        if (environment.Remove(Marker))
        {
            environment.Remove(Setting);
        }
    }

    /// <summary>Starts the process again without the socket; does nothing where there is none or a developer asked for
    /// it by setting the variable.</summary>
    /// <returns>Why it is still open, if it is.</returns>
    public static string? Close()
    {
        if (!OperatingSystem.IsLinux() || !RuntimeFeature.IsDynamicCodeSupported
            || Environment.GetEnvironmentVariable(Setting) == "0")
        {
            return null;
        }

        if (Environment.GetEnvironmentVariable(Setting) is not null
            || Environment.GetEnvironmentVariable(OlderSetting) is not null)
        {
            return $"{Open} {Setting} is set";
        }

        if (Environment.ProcessPath is not string program || ReadArguments() is not { Count: > 0 } arguments)
        {
            return $"{Open} it cannot be closed";
        }

        List<string> environment = [$"{Setting}=0", $"{Marker}=1"];
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            environment.Add($"{entry.Key}={entry.Value}");
        }

        DeleteSockets();
        // Memory is not given back: either this process image ends here, or once in its life it lost a few pages.
        Libc.Execute(program, ToNative(arguments), ToNative(environment));
        return $"{Open} {Marshal.GetLastPInvokeErrorMessage()}";
    }

    private static List<string> ReadArguments()
    {
        try
        {
            string all = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline"));
            return [.. all.TrimEnd('\0').Split('\0')];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Deletes what the runtime would have deleted at its end, before another program takes this process's
    /// place.</summary>
    public static void DeleteSockets()
    {
        string directory = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } named ? named : "/tmp";
        string[] patterns =
            [$"dotnet-diagnostic-{Environment.ProcessId}-*", $"clr-debug-pipe-{Environment.ProcessId}-*"];
        foreach (string path in patterns.SelectMany(pattern => Directory.EnumerateFiles(directory, pattern)))
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A left-over name of a dead socket is untidy, no more.
            }
        }
    }

    private static byte** ToNative(List<string> texts)
    {
        byte** native = (byte**)NativeMemory.Alloc((nuint)(texts.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            native[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        native[texts.Count] = null;
        return native;
    }
}
