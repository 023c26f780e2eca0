using System.Diagnostics;

namespace SecureAgent.Tests.HwSim;

/// <summary>A shell script of real tools, which ends with 0 if all went as it must.</summary>
internal static class ToolFlow
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs it in a directory of its own, which is gone afterwards.</summary>
    /// <param name="flows">The directory of the scripts, which they find as <c>FLOWS</c>.</param>
    /// <param name="flow">The script's name, without <c>.sh</c>.</param>
    /// <param name="environment">What it is told besides the environment of the tests.</param>
    /// <param name="files">Files that it finds in its directory, by name.</param>
    public static async Task RunAsync(
        string flows, string flow, IReadOnlyDictionary<string, string> environment,
        params (string Name, string Content)[] files)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("flow-");
        try
        {
            foreach ((string name, string content) in files)
            {
                await File.WriteAllTextAsync(
                    Path.Combine(directory.FullName, name), content, TestContext.Current.CancellationToken);
            }

            ProcessStartInfo start = new("sh", ["-eu", Path.Combine(flows, flow + ".sh")])
            {
                WorkingDirectory = directory.FullName,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["FLOWS"] = flows;
            start.Environment["LC_ALL"] = "C";
            foreach ((string name, string value) in environment)
            {
                start.Environment[name] = value;
            }

            await ToItsEndAsync(start, flow);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task ToItsEndAsync(ProcessStartInfo start, string flow)
    {
        using Process process = Process.Start(start)!; // not shell-executed, so there is a process
        using CancellationTokenSource deadline =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(process.ExitCode == 0, $"{flow} ended with {process.ExitCode}:\n{await output}\n{await errors}");
    }
}
