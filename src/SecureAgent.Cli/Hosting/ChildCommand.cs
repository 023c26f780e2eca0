using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Cli.Prompts;

namespace SecureAgent.Cli.Hosting;

/// <summary>The command after <c>run --</c>: it has the agent's terminal, input and output, and gets the signals that
/// the agent gets.</summary>
internal sealed class ChildCommand : IDisposable
{
    private const int CannotExecute = 126;

    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration[] _signals;
    private readonly Process _process;
    private bool _started;
    private int? _early;

    // Signals are taken before the command exists, so that none falls between.
    private ChildCommand(Process process)
    {
        _process = process;
        (PosixSignal Signal, int Number)[] forwarded =
        [
            (PosixSignal.SIGINT, Libc.SIGINT), (PosixSignal.SIGQUIT, Libc.SIGQUIT),
            (PosixSignal.SIGTERM, Libc.SIGTERM), (PosixSignal.SIGHUP, Libc.SIGHUP),
        ];
        _signals =
        [
            .. forwarded.Select(entry =>
                PosixSignalRegistration.Create(entry.Signal, context => Forward(context, entry.Number))),
        ];
    }

    /// <summary>Starts <paramref name="command"/>.</summary>
    /// <param name="command">The program, looked for in PATH, and its arguments.</param>
    /// <param name="surroundings">The agent's own.</param>
    /// <param name="agentVariable">The value of SSH_AUTH_SOCK for the command.</param>
    /// <exception cref="CommandException">It cannot be started: 127 if it is not there, else 126, as in a
    /// shell.</exception>
    public static ChildCommand Start(IReadOnlyList<string> command, Surroundings surroundings, string agentVariable)
    {
        string program = ProgramSearch.Find(command[0], surroundings)
            ?? throw new CommandException(ExitCode.CommandNotFound, $"{command[0]}: there is no such command.");
        ProcessStartInfo start = new(program, command.Skip(1)) { UseShellExecute = false };
        start.Environment.Clear();
        foreach ((string name, string value) in surroundings.Environment)
        {
            start.Environment[name] = value;
        }

        // systemd's socket (sd_listen_fds(3)) was for the agent.
        start.Environment.Remove("LISTEN_PID");
        start.Environment.Remove("LISTEN_FDS");
        start.Environment.Remove("LISTEN_FDNAMES");
        start.Environment["SSH_AUTH_SOCK"] = agentVariable;

#pragma warning disable CA2000 // The caller disposes it, or it is disposed below.
        ChildCommand child = new(new Process { StartInfo = start });
#pragma warning restore CA2000
        try
        {
            child.Start();
            return child;
        }
        catch (Win32Exception e)
        {
            child.Dispose();
            throw new CommandException(
                CannotExecute,
                $"{command[0]} cannot be started: {Marshal.GetPInvokeErrorMessage(e.NativeErrorCode)}.");
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code; 128 and the signal's number if a signal ended it.</returns>
    public async Task<int> WaitAsync(CancellationToken ct)
    {
        await _process.WaitForExitAsync(ct).ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }

        _process.Dispose();
    }

    private void Start()
    {
        lock (_gate)
        {
            _process.Start();
            _started = true;
            if (_early is int signal)
            {
                Send(signal);
            }
        }
    }

    private void Forward(PosixSignalContext context, int signal)
    {
        // The agent ends when the command does.
        context.Cancel = true;
        // What the keyboard sends, the terminal has sent to the command as well.
        if (signal is Libc.SIGINT or Libc.SIGQUIT && HasTerminal())
        {
            return;
        }

        lock (_gate)
        {
            if (_started)
            {
                Send(signal);
            }
            else
            {
                _early = signal;
            }
        }
    }

    private void Send(int signal)
    {
        if (OperatingSystem.IsLinux() && !_process.HasExited)
        {
            // The command may end meanwhile, and then there is nobody to tell.
            _ = Libc.Kill(_process.Id, signal);
        }
    }

    private static bool HasTerminal()
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            using SafeFileHandle terminal =
                File.OpenHandle("/dev/tty", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return TerminalMode.CanAsk(terminal, asker: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
