using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SecureAgent.Bench;

/// <summary>Where the numbers come from, in one line.</summary>
internal static class Machine
{
    /// <summary>Processor, system and versions.</summary>
    public static async Task<string> DescribeAsync()
    {
        string cpu = File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name"))?.Split(':', 2)[1].Trim() ?? "unknown processor";
        string system = File.ReadLines("/etc/os-release")
            .FirstOrDefault(line => line.StartsWith("PRETTY_NAME="))?.Split('"')[1] ?? "Linux";
        string[] parts =
        [
            $"{Environment.ProcessorCount} x {cpu}",
            $"{system}, Linux {Environment.OSVersion.Version}",
            RuntimeInformation.FrameworkDescription,
            await VersionAsync("ssh", "-V"),
            await VersionAsync("swtpm", "--version"),
            $"program: {Kind()}",
        ];
        return string.Join("; ", parts);
    }

    /// <summary>Whether a tool can be started.</summary>
    public static async Task<bool> HasAsync(string tool, string argument) =>
        await VersionAsync(tool, argument) != $"no {tool}";

    private static async Task<string> VersionAsync(string tool, string argument)
    {
        try
        {
            ProcessStartInfo start = new(tool, argument)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            string output = await process.StandardOutput.ReadToEndAsync();
            output += await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return output.Split('\n', ',')[0].Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"no {tool}";
        }
    }

    private static string Kind() =>
        File.Exists(Workplace.SecureAgent + ".dll") ? "built, needs the runtime" : "published, self-contained";
}
