using System.ComponentModel;
using System.Runtime.InteropServices;

namespace SecureAgent.Cli.Prompts;

/// <summary>A Linux terminal without echo, line editing and keyboard signals, and with this process in its foreground,
/// until it is disposed or the process ends by a signal that can be caught.</summary>
internal sealed partial class TerminalMode : IDisposable
{
    private const int TCSAFLUSH = 2;
    private const uint ISIG = 0x1;
    private const uint ICANON = 0x2;
    private const uint ECHO = 0x8;
    private const short POLLIN = 0x1;
    private const int SIG_BLOCK = 0;
    private const int SIG_UNBLOCK = 1;
    private const int SIGINT = 2;
    private const int SIGTTOU = 22;
    private const int VTIME = 5;
    private const int VMIN = 6;

    private readonly SafeHandle _terminal;
    private readonly int _foreground;
    private readonly Termios _before;
    private readonly PosixSignalRegistration[] _signals;
    private int _restored;

    /// <summary>Changes the mode. Input typed ahead is thrown away: it was not meant as the answer.</summary>
    /// <param name="terminal">An open terminal, which must outlive this.</param>
    /// <exception cref="Win32Exception">It is not a terminal.</exception>
    public unsafe TerminalMode(SafeHandle terminal)
    {
        _terminal = terminal;
        _foreground = GetForegroundGroup(terminal);
        if (GetAttributes(terminal, out _before) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        Termios silent = _before;
        silent.LocalFlags &= ~(ISIG | ICANON | ECHO);
        silent.ControlCharacters[VMIN] = 1;
        silent.ControlCharacters[VTIME] = 0;
        PosixSignal[] ending = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
        _signals = [.. ending.Select(signal => PosixSignalRegistration.Create(signal, _ => Restore()))];
        if (!TakeForeground() || SetAttributes(terminal, TCSAFLUSH, silent) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            Dispose();
            throw new Win32Exception(error);
        }
    }

    /// <summary>Whether a person at the terminal can be asked without getting in the way of another program
    /// there.</summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="asker">The process that the question is for, which waits for the answer; <see langword="null"/> for
    /// this one.</param>
    /// <returns>Whether this process is in the foreground of the terminal, or the asker is: a shell with job control
    /// gives it the foreground, and it can lend it while it waits.</returns>
    public static bool CanAsk(SafeHandle terminal, int? asker)
    {
        int foreground = GetForegroundGroup(terminal);
        return foreground == GetProcessGroup(0) || (asker is int process && foreground == GetProcessGroup(process));
    }

    /// <summary>Sends SIGINT to the job that was in the foreground, as the terminal itself would have done on
    /// Ctrl-C.</summary>
    public void Interrupt()
    {
        // It may have ended meanwhile, and then there is nothing to interrupt.
        _ = Kill(-_foreground, SIGINT);
    }

    /// <summary>Waits until something can be read, or the terminal has been closed.</summary>
    /// <returns>Whether a read would return at once.</returns>
    public static bool WaitForInput(SafeHandle terminal, int milliseconds)
    {
        PollEntry entry = new() { Descriptor = (int)terminal.DangerousGetHandle(), Events = POLLIN };
        return Poll(ref entry, 1, milliseconds) > 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }

        Restore();
    }

    private void Restore()
    {
        // If another job has the foreground by now, its shell took it, and has set the terminal as it wants it.
        if (Interlocked.Exchange(ref _restored, 1) == 0 && GetForegroundGroup(_terminal) == GetProcessGroup(0))
        {
            // Nothing can be done about a failure: the terminal or the job has gone.
            _ = SetAttributes(_terminal, TCSAFLUSH, _before);
            _ = SetForegroundGroup(_terminal, _foreground);
        }
    }

    private bool TakeForeground()
    {
        int own = GetProcessGroup(0);
        if (_foreground == own)
        {
            return true;
        }

        // Without this a background process is stopped for asking (tcsetpgrp(3)).
        SignalSet background = new() { First = 1UL << (SIGTTOU - 1) };
        _ = SetSignalMask(SIG_BLOCK, background, 0);
        bool taken = SetForegroundGroup(_terminal, own) == 0;
        _ = SetSignalMask(SIG_UNBLOCK, background, 0);
        return taken;
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(SafeHandle terminal, out Termios attributes);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(SafeHandle terminal, int when, in Termios attributes);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    private static partial int GetForegroundGroup(SafeHandle terminal);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "tcsetpgrp", SetLastError = true)]
    private static partial int SetForegroundGroup(SafeHandle terminal, int group);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "getpgid")]
    private static partial int GetProcessGroup(int process);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "sigprocmask")]
    private static partial int SetSignalMask(int how, in SignalSet signals, nint before);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    /// <summary><c>sigset_t</c> of glibc and musl: 128 bytes, the lowest signal first.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct SignalSet
    {
        public ulong First;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short ReturnedEvents;
    }

    /// <summary><c>struct termios</c> of glibc and musl: 60 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Termios
    {
        public uint InputFlags;
        public uint OutputFlags;
        public uint ControlFlags;
        public uint LocalFlags;
        public byte LineDiscipline;
        public fixed byte ControlCharacters[32];
        public uint InputSpeed;
        public uint OutputSpeed;
    }
}
