using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SecureAgent.Tests.HwSim.Commands;

/// <summary><c>hwsim</c> as a process, as built beside the tests; killed when it is disposed before it has
/// ended.</summary>
internal sealed partial class HwSimProcess : IDisposable
{
    private const int SIGTERM = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    public HwSimProcess(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "hwsim.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!; // not shell-executed, so there is a process
        Errors = _process.StandardError.ReadToEndAsync(Ct);
    }

    /// <summary>What it has written to standard error when it has ended.</summary>
    public Task<string> Errors { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Its next line.</summary>
    public async Task<string> ReadLineAsync()
    {
        string? line = await _process.StandardOutput.ReadLineAsync(Ct).AsTask().WaitAsync(Patience, Ct);
        Assert.True(line is not null, "hwsim ended");
        return line;
    }

    /// <summary>Sends it a line.</summary>
    public async Task SendAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync(Ct);
    }

    /// <summary>Sends it no more.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Asks it to end, as a service manager does.</summary>
    public void Terminate() => Assert.Equal(0, Kill(_process.Id, SIGTERM));

    /// <summary>Waits for its end and returns its exit code.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(Ct).WaitAsync(Patience, Ct);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
