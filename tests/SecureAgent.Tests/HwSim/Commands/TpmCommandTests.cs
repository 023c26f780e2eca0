using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using SecureAgent.Tests.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.Commands;

/// <summary><c>hwsim tpm</c> as a process.</summary>
public sealed partial class TpmCommandTests : IDisposable
{
    private const int SIGTERM = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // TPM2_GetRandom of 8 octets.
    private const string GetRandom = "8001 0000000C 0000017B 0008";

    private readonly string _directory = Directory.CreateTempSubdirectory("hwsim-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Endpoints_are_printed_served_and_ended_by_SIGTERM()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGTERM is sent with kill(2)");
        string path = Path.Combine(_directory, "tpm.sock");
        string state = Path.Combine(_directory, "state");
        using Process hwsim = Start("tpm", "--mssim", "0", "--swtpm", path, "--state", state);
        string? mssim = await ReadLineAsync(hwsim);
        Assert.StartsWith("mssim:host=127.0.0.1,port=", mssim, StringComparison.Ordinal);
        Assert.Equal($"swtpm:path={path}", await ReadLineAsync(hwsim));
        using (RawClient client = new(int.Parse(mssim![26..], CultureInfo.InvariantCulture)))
        {
            client.Send("00000008 00 0000000C" + GetRandom);
            client.Expect("00000014 8001 00000014 00000000 0008");
        }

        using (RawClient client = new(path))
        {
            client.Send(GetRandom);
            client.Expect("8001 00000014 00000000 0008");
        }

        Assert.Equal(0, Kill(hwsim.Id, SIGTERM));
        Assert.Equal(0, await EndAsync(hwsim));
        Assert.False(File.Exists(path));
        Assert.True(File.Exists(Path.Combine(_directory, "state")));
    }

    [Theory]
    [InlineData(64, "tpm", "--mssim", "65535")]
    [InlineData(64, "tpm", "--mssim", "none")]
    [InlineData(64, "tpm", "--no-such-option")]
    [InlineData(64, "no-such-command")]
    [InlineData(0, "tpm", "--help")]
    public async Task Exit_code_tells_a_wrong_command_line(int expected, params string[] arguments)
    {
        using Process hwsim = Start(arguments);
        Task<string> errors = hwsim.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(expected, await EndAsync(hwsim));
        Assert.Equal(expected != 0, (await errors).StartsWith("hwsim: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Taken_path_and_damaged_state_are_explained()
    {
        string path = Path.Combine(_directory, "there");
        await File.WriteAllTextAsync(path, "not a state file", TestContext.Current.CancellationToken);
        foreach (string[] arguments in new[]
        {
            new[] { "tpm", "--swtpm", path }, ["tpm", "--mssim", "0", "--state", path],
        })
        {
            using Process hwsim = Start(arguments);
            Task<string> errors = hwsim.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Equal(1, await EndAsync(hwsim));
            Assert.StartsWith("hwsim: ", await errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", await errors, StringComparison.Ordinal);
        }
    }

    private static Process Start(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "hwsim.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!; // not shell-executed, so there is a process
    }

    private static async Task<string?> ReadLineAsync(Process process)
    {
        string? line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(line is not null, "hwsim ended");
        return line;
    }

    private static async Task<int> EndAsync(Process process)
    {
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(Patience, TestContext.Current.CancellationToken);
            return process.ExitCode;
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
