using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>The process that serves a pipe.</summary>
/// <param name="ProcessId">Its process id; 0 if it may not be asked for.</param>
/// <param name="ImagePath">Path of its program; <see langword="null"/> if it may not be asked for.</param>
[SupportedOSPlatform("windows")]
public sealed record NamedPipeServer(int ProcessId, string? ImagePath)
{
    private const uint WaitMilliseconds = 500;

    /// <summary>Asks who serves a pipe. The server sees a client that comes and goes.</summary>
    /// <param name="name">Full or short name of the pipe.</param>
    /// <returns><see langword="null"/> if there is no such pipe.</returns>
    public static NamedPipeServer? Of(string name)
    {
        string path = PipeName.Complete(name);
        SafePipeHandle pipe = Win32.OpenPipe(path, Win32.FILE_READ_ATTRIBUTES);
        int error = pipe.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        if (error == Win32.ERROR_PIPE_BUSY && Win32.WaitNamedPipe(path, WaitMilliseconds))
        {
            pipe.Dispose();
            pipe = Win32.OpenPipe(path, Win32.FILE_READ_ATTRIBUTES);
            error = pipe.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        }

        using (pipe)
        {
            return error == Win32.ERROR_FILE_NOT_FOUND ? null
                : error == 0 ? WithId(Win32.ServerProcessIdOf(pipe))
                : new NamedPipeServer(0, null);
        }
    }

    /// <summary>A name for messages.</summary>
    public override string ToString() => (ProcessId, ImagePath) switch
    {
        (0, _) => "a program that does not say who it is",
        (_, null) => $"process {ProcessId}",
        _ => $"process {ProcessId} ({ImagePath})",
    };

    /// <summary>The server with a known process id.</summary>
    internal static NamedPipeServer WithId(int processId) =>
        new(processId, processId == 0 ? null : WindowsProcess.ImagePathOf(processId));
}
