using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>Reaches an agent on a named pipe, and only one that this user, the system or an administrator owns. The
/// agent may see who calls, but not act for the caller.</summary>
[SupportedOSPlatform("windows")]
public sealed class NamedPipeDialer : IAgentDialer
{
    /// <summary>How long all instances of the pipe may stay busy.</summary>
    private static readonly TimeSpan BusyPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long one wait lasts, which cannot be interrupted.</summary>
    private const uint WaitMilliseconds = 200;

    private readonly string _path;

    /// <summary>Creates the dialer.</summary>
    /// <param name="name">Name of the pipe: <c>\\.\pipe\NAME</c>, <c>//./pipe/NAME</c> or <c>NAME</c>.</param>
    /// <exception cref="ArgumentException">It names no pipe of this machine.</exception>
    public NamedPipeDialer(string name) => _path = PipeName.Complete(name);

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(CancellationToken ct)
    {
        // Off the caller's thread: opening may wait, and the other end is somebody else's program.
        SafePipeHandle pipe = await Task.Run(() => Open(ct), ct).ConfigureAwait(false);
        try
        {
            RequireTrusted(pipe);
            return new NamedPipeClientStream(PipeDirection.InOut, isAsync: true, isConnected: true, pipe);
        }
        catch
        {
            pipe.Dispose();
            throw;
        }
    }

    private SafePipeHandle Open(CancellationToken ct)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            SafePipeHandle pipe = Win32.OpenPipe(_path, Win32.GENERIC_READ | Win32.GENERIC_WRITE);
            if (!pipe.IsInvalid)
            {
                return pipe;
            }

            int error = Marshal.GetLastPInvokeError();
            pipe.Dispose();
            ct.ThrowIfCancellationRequested();
            if (error != Win32.ERROR_PIPE_BUSY || TimeProvider.System.GetElapsedTime(start) > BusyPatience)
            {
                throw new ChannelException(WhyNot(error));
            }

            Win32.WaitNamedPipe(_path, WaitMilliseconds); // Whatever it says, the next attempt says more.
        }
    }

    private string WhyNot(int error) => error switch
    {
        Win32.ERROR_FILE_NOT_FOUND =>
            $"No agent answers on {_path}: there is no such pipe. Start one with secure-agent run.",
        Win32.ERROR_PIPE_BUSY => $"The agent on {_path} has let nobody in for {BusyPatience.TotalSeconds:0} seconds. "
            + "Restart that agent.",
        Win32.ERROR_ACCESS_DENIED => $"You may not use the agent on {_path}: it is another user's, or runs with other "
            + "rights. Log that user off, or name another pipe.",
        _ => $"No agent answers on {_path}: {Marshal.GetPInvokeErrorMessage(error)}.",
    };

    private void RequireTrusted(SafePipeHandle pipe)
    {
        string? owner = ObjectOwner.Of(pipe);
        if (!PipeOwner.IsTrusted(owner, WindowsUser.Current.Sid))
        {
            throw new ChannelException($"{_path} is served by {NamedPipeServer.WithId(Win32.ServerProcessIdOf(pipe))} "
                + $"and belongs to {owner ?? "nobody"}: neither to you nor to the system. Stop that program.");
        }
    }
}
