using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using SecureAgent.Channels.Relay;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>The command of <c>relay --listen</c>. Its input and output are the relay's, and its words on standard error
/// stand among ours. It ends with us because its input does.</summary>
internal sealed class RelayProcess : IRelayProcess
{
    private const int ENOEXEC = 8;
    private const string Mounts = "/mnt/";

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);

    private readonly Process _process;

    private RelayProcess(Process process, string? trouble)
    {
        _process = process;
        Ended = EndAsync(process, trouble);
    }

    /// <inheritdoc/>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <inheritdoc/>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <inheritdoc/>
    public Task<string> Ended { get; }

    /// <summary>Starts it.</summary>
    /// <param name="command">The program, looked for in PATH, and its arguments.</param>
    /// <param name="surroundings">Our own.</param>
    /// <param name="interop">Finds a living socket of WSL2's.</param>
    /// <exception cref="ChannelException">It cannot be started; the message says the cure.</exception>
    public static RelayProcess Start(IReadOnlyList<string> command, Surroundings surroundings, WslInterop interop)
    {
        string program = ProgramSearch.Find(command[0], surroundings)
            ?? throw new ChannelException($"{command[0]}: there is no such command.");
        ProcessStartInfo start = new(program, command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment.Clear();
        foreach ((string name, string value) in surroundings.Environment)
        {
            start.Environment[name] = value;
        }

        // systemd's socket (sd_listen_fds(3)) was for us.
        start.Environment.Remove("LISTEN_PID");
        start.Environment.Remove("LISTEN_FDS");
        start.Environment.Remove("LISTEN_FDNAMES");
        string? socket = interop.Choose(surroundings.Variable(WslInterop.Variable));
        if (socket is not null)
        {
            start.Environment[WslInterop.Variable] = socket;
        }

        string? trouble = socket is not null && !interop.Answers(socket)
            ? $". {WslInterop.Variable} names {socket}, which does not answer, as when the terminal that it belongs to "
                + "is closed, and no other session does: open a WSL terminal, or run the relay as a user unit of systemd"
            : null;
#pragma warning disable CA2000 // Owned by what is returned, or disposed below.
        Process process = new() { StartInfo = start };
#pragma warning restore CA2000
        try
        {
            process.Start();
            return new RelayProcess(process, trouble);
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            throw new ChannelException(Explain(program, e.NativeErrorCode), e);
        }
    }

    /// <summary>What is unwise about a command, if anything: from the Linux side a Windows program is read through a
    /// network file system, at every start (microsoft/WSL#7591).</summary>
    public static string? Warn(string program) =>
        program.EndsWith(".exe", StringComparison.OrdinalIgnoreCase)
            && !Path.GetFullPath(program).StartsWith(Mounts, StringComparison.Ordinal)
            ? $"{program} lies on the Linux side, from where Windows takes up to 25 s to start it: move it to a Windows "
                + $"directory, below {Mounts}c."
            : null;

    /// <summary>Says why a program did not start, with the cure.</summary>
    /// <param name="program">The program.</param>
    /// <param name="error">An errno.</param>
    public static string Explain(string program, int error) => error == ENOEXEC
        ? $"{program} cannot be started, because Linux does not know Windows programs: WSL's interop is off, or systemd "
            + "has removed its entry. Write :WSLInterop:M::MZ::/init:PF to /usr/lib/binfmt.d/WSLInterop.conf, run "
            + "systemctl restart systemd-binfmt, and see that /etc/wsl.conf does not disable [interop]."
        : $"{program} cannot be started: {Marshal.GetPInvokeErrorMessage(error)}.";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Input.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It has ended, and what it did not read is lost.
        }

        try
        {
            await Ended.WaitAsync(EndPatience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }

        await Ended.ConfigureAwait(false);
        await Output.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<string> EndAsync(Process process, string? trouble)
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        return $"with exit code {process.ExitCode}{trouble}";
    }
}
