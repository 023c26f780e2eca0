using System.ComponentModel;
using System.Runtime.InteropServices;

namespace SecureAgent.Cli.Prompts;

/// <summary>A Linux terminal without echo, line editing and keyboard signals, until it is disposed or the process ends by a
/// signal that can be caught.</summary>
internal sealed partial class TerminalMode : IDisposable
{
    private const int TCSAFLUSH = 2;
    private const uint ISIG = 0x1;
    private const uint ICANON = 0x2;
    private const uint ECHO = 0x8;
    private const short POLLIN = 0x1;
    private const int VTIME = 5;
    private const int VMIN = 6;

    private readonly SafeHandle _terminal;
    private readonly Termios _before;
    private readonly PosixSignalRegistration[] _signals;
    private int _restored;

    /// <summary>Changes the mode. Input typed ahead is thrown away: it was not meant as the answer.</summary>
    /// <param name="terminal">An open terminal, which must outlive this.</param>
    /// <exception cref="Win32Exception">It is not a terminal.</exception>
    public unsafe TerminalMode(SafeHandle terminal)
    {
        _terminal = terminal;
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
        if (SetAttributes(terminal, TCSAFLUSH, silent) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            Dispose();
            throw new Win32Exception(error);
        }
    }

    /// <summary>Whether this process is in the foreground of the terminal, so that it may read from it. A background process
    /// would be stopped (SIGTTIN).</summary>
    public static bool IsForeground(SafeHandle terminal) => GetForegroundGroup(terminal) == GetProcessGroup();

    /// <summary>Sends SIGINT to the whole foreground job, as the terminal itself would have done on Ctrl-C.</summary>
    public static void Interrupt()
    {
        // It cannot fail: the sender is a member of the group.
        _ = Kill(0, 2);
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
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            // Nothing can be done about a failure: the terminal has gone.
            _ = SetAttributes(_terminal, TCSAFLUSH, _before);
        }
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
    [LibraryImport("libc", EntryPoint = "getpgrp")]
    private static partial int GetProcessGroup();

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

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
