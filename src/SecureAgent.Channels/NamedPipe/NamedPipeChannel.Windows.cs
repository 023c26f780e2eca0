using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>Serves clients on a named pipe, as Win32-OpenSSH and PuTTY expect it. Only this user and the system may
/// talk to it.</summary>
[SupportedOSPlatform("windows")]
public sealed class NamedPipeChannel : IChannel
{
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly Func<PipeInstance, SafePipeHandle> _create;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the channel; <see cref="RunAsync"/> makes the pipe.</summary>
    /// <param name="name">What <see cref="PeerInfo"/> calls it, such as <c>openssh-pipe</c>.</param>
    /// <param name="pipe">Full or short name of the pipe.</param>
    /// <param name="log">Takes refused peers, trouble while accepting, and who else answers on the name.</param>
    /// <param name="time">The clock of every deadline and pause.</param>
    /// <exception cref="ArgumentException"><paramref name="pipe"/> names no pipe of this machine.</exception>
    public NamedPipeChannel(string name, string pipe, IAgentLog log, TimeProvider time)
        : this(name, pipe, log, time, Win32.CreateNamedPipe)
    {
    }

    /// <summary>Creates the channel on top of another way to make an instance.</summary>
    internal NamedPipeChannel(
        string name, string pipe, IAgentLog log, TimeProvider time, Func<PipeInstance, SafePipeHandle> create)
    {
        (Name, Endpoint, _log, _time, _create) = (name, PipeName.Complete(pipe), log, time, create);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Endpoint { get; }

    /// <inheritdoc/>
    public Task Listening => _listening.Task;

    /// <summary>The process that the self-check takes for its own.</summary>
    internal int ProcessId { get; init; } = Environment.ProcessId;

    /// <inheritdoc/>
    public async Task RunAsync(IAgent agent, CancellationToken ct)
    {
        try
        {
            await ServeAsync(new StreamServer(Endpoint, agent, _log, _time, ct), ct).ConfigureAwait(false);
        }
        catch (ChannelException exception)
        {
            _listening.TrySetException(exception);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw;
        }
    }

    /// <summary>Accepts, and begins anew if the self-check finds that nobody answers.</summary>
    private async Task ServeAsync(StreamServer server, CancellationToken ct)
    {
        PipeSelfCheck check = new(Endpoint, ProcessId, _log, _time);
        PipeAdmission admission = new(Name, Endpoint, _log, _time);
        PipeAcceptor acceptor = new(Endpoint, () => CreateInstance(isFirst: false), ServeClientAsync, _log, _time);
        SafePipeHandle? first = CreateFirst();
        while (!ct.IsCancellationRequested)
        {
            using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
            Task accepting = acceptor.RunAsync(first, ending.Token);
            first = null;
            try
            {
                await AnnounceAsync(check, ct).ConfigureAwait(false);
                await check.WatchAsync(ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // It is told to stop.
            }
            finally
            {
                await ending.CancelAsync().ConfigureAwait(false);
                Task patience = Task.Delay(ClosePatience, _time, CancellationToken.None);
                await Task.WhenAny(accepting, patience).ConfigureAwait(false);
            }
        }

        await server.DrainAsync().ConfigureAwait(false);

        async Task ServeClientAsync(NamedPipeServerStream client, CancellationToken stopping)
        {
            SafePipeHandle pipe = client.SafePipeHandle;
            int processId = Win32.ClientProcessIdOf(pipe);
            bool isOwn = check.IsOwn(processId);
            await server.MakeRoomAsync(stopping).ConfigureAwait(false);
            server.Serve(client, processId, async patience =>
                isOwn && await check.HasLeftAsync(pipe, patience).ConfigureAwait(false)
                    ? null
                    : admission.Admit(pipe, processId));
        }
    }

    /// <summary>Makes known that clients can connect, unless they would get to somebody else.</summary>
    private async Task AnnounceAsync(PipeSelfCheck check, CancellationToken ct)
    {
        if (!_listening.Task.IsCompleted)
        {
            (NamedPipeServer? holder, _) = await check.CheckAsync(ct).ConfigureAwait(false);
            if (holder is not null)
            {
                throw Taken(holder, null);
            }

            _listening.TrySetResult();
        }
    }

    private SafePipeHandle CreateFirst()
    {
        try
        {
            return CreateInstance(isFirst: true);
        }
        catch (IOException exception)
        {
            // So the system says that the name is taken, whoever has it.
            bool isTaken = exception.HResult is Win32.ERROR_ACCESS_DENIED or Win32.ERROR_PIPE_BUSY;
            throw isTaken && NamedPipeServer.Of(Endpoint) is { } holder
                ? Taken(holder, exception)
                : new ChannelException($"Cannot listen on {Endpoint}: {exception.Message}", exception);
        }
    }

    private SafePipeHandle CreateInstance(bool isFirst)
    {
        SafePipeHandle pipe = _create(PipeInstance.For(Endpoint, WindowsUser.Current.Sid, isFirst));
        if (pipe.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            pipe.Dispose();
            throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
        }

        return pipe;
    }

    private ChannelException Taken(NamedPipeServer holder, Exception? cause) => new(
        $"Cannot listen on {Endpoint}: {holder} serves it already. " + (Endpoint == PipeName.OpenSsh
            ? "If that is the agent of Windows, end it for good (as administrator: Stop-Service ssh-agent; Set-Service "
                + "ssh-agent -StartupType Disabled), or let it serve its keys through this one (--upstream "
                + "pipe:openssh-ssh-agent) and point clients at another channel."
            : "Stop it, or choose another name."), cause);
}
