using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>A program that runs until the test is over; stopped by its own process id.</summary>
internal sealed partial class BackgroundProcess : IAsyncDisposable
{
    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;

    private readonly Process _process;
    private readonly Task _reading;
    private bool _disposed;

    private BackgroundProcess(Process process)
    {
        _process = process;
        process.StandardInput.Close();
        _reading = Task.WhenAll(Output.ReadAsync(process.StandardOutput), Error.ReadAsync(process.StandardError));
    }

    /// <summary>Lines of its standard output.</summary>
    public LineLog Output { get; } = new();

    /// <summary>Lines of its standard error.</summary>
    public LineLog Error { get; } = new();

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a program.</summary>
    public static BackgroundProcess Start(
        IReadOnlyDictionary<string, string> environment, string program, params string[] arguments) =>
        new(Process.Start(Command.StartInfo(environment, program, arguments))!);

    /// <summary>Waits until it is ready for use, and stops it if that fails.</summary>
    public async Task<BackgroundProcess> ReadyAsync(Func<BackgroundProcess, Task> ready)
    {
        try
        {
            await ready(this);
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for its end and all of its words.</summary>
    public async Task<Ran> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Deadline.Span);
        await _reading.WaitAsync(Deadline.Span);
        return new Ran(_process.StartInfo.FileName, _process.ExitCode, Output.ToString(), Error.ToString());
    }

    /// <summary>Sends a signal to it, and to nothing else.</summary>
    public void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            Assert.Equal(0, Kill(_process.Id, signal));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Signal(SIGTERM);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (TimeoutException)
        {
            Signal(SIGKILL);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Kill(int pid, int signal);
}
