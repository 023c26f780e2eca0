using System.Diagnostics;

namespace SecureAgent.HwSim.Commands;

/// <summary>Finds the built <c>secure-agent</c>, and builds it where there is only its source.</summary>
internal static class SecureAgentProgram
{
    private const string Solution = "SecureAgent.sln";
    private const string Project = "src/SecureAgent.Cli";

    private static string FileName => OperatingSystem.IsWindows() ? "secure-agent.exe" : "secure-agent";

    /// <summary>The program's path: beside this one, or else built from the source tree that this one lies in. The
    /// build also brings an older one up to date.</summary>
    /// <returns><see langword="null"/> if there is none; <paramref name="error"/> has been told why.</returns>
    public static async Task<string?> FindAsync(TextWriter error)
    {
        string beside = Path.Combine(AppContext.BaseDirectory, FileName);
        if (File.Exists(beside))
        {
            return beside;
        }

        if (FindRoot() is not string root)
        {
            await error.WriteLineAsync(
                $"hwsim: secure-agent is neither in {AppContext.BaseDirectory} nor in a source tree around it.")
                    .ConfigureAwait(false);
            return null;
        }

        string configuration = AppContext.BaseDirectory.Contains(
            $"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                ? "Release" : "Debug";
        string project = Path.Combine(root, Project);
        await error.WriteLineAsync("hwsim: building secure-agent").ConfigureAwait(false);
        if (!await BuildAsync(project, configuration, error).ConfigureAwait(false))
        {
            return null;
        }

        return Path.Combine(project, "bin", configuration, "net10.0", FileName);
    }

    private static string? FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, Solution)))
        {
            directory = directory.Parent;
        }

        return directory?.FullName;
    }

    private static async Task<bool> BuildAsync(string project, string configuration, TextWriter error)
    {
        // dotnet tells its children where it is.
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path
            ? path : "dotnet";
        ProcessStartInfo start = new(dotnet, ["build", project, "-c", configuration, "-v", "quiet", "--nologo"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process build = Process.Start(start)!; // Null only with UseShellExecute.
        build.StandardInput.Close();
        string output = await build.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await build.WaitForExitAsync().ConfigureAwait(false);
        if (build.ExitCode != 0)
        {
            await error.WriteLineAsync($"{output}\nhwsim: secure-agent could not be built.").ConfigureAwait(false);
        }

        return build.ExitCode == 0;
    }
}
