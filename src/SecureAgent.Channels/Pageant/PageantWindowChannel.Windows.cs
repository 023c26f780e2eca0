using System.ComponentModel;
using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.Pageant;

/// <summary>Serves PuTTY and its family through a hidden window that they take for Pageant's (PuTTY,
/// windows/pageant.c). Only mappings of this user are answered. Each request is a connection of its own, and is
/// answered within five minutes, because its client can neither leave nor be asked.</summary>
[SupportedOSPlatform("windows")]
public sealed class PageantWindowChannel : IChannel
{
    internal const string ChannelName = "pageant";

    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates the channel; <see cref="RunAsync"/> makes the window.</summary>
    /// <param name="log">Takes refused clients and lists that were cut down.</param>
    /// <param name="time">The clock of every deadline.</param>
    public PageantWindowChannel(IAgentLog log, TimeProvider time) => (_log, _time) = (log, time);

    /// <inheritdoc/>
    public string Name => ChannelName;

    /// <inheritdoc/>
    public string Endpoint => "the Pageant window";

    /// <inheritdoc/>
    public Task Listening => _listening.Task;

    /// <summary>ChangeWindowMessageFilterEx: window, message, action.</summary>
    internal Action<nint, uint, uint> ChangeMessageFilter { get; init; } =
        (window, message, action) => _ = User32.ChangeWindowMessageFilterEx(window, message, action, 0);

    /// <summary>The windows, once it listens.</summary>
    internal PageantWindows? Windows { get; private set; }

    /// <inheritdoc/>
    public async Task RunAsync(IAgent agent, CancellationToken ct)
    {
        PageantCall call = new(agent, _log, _time, ct);
        using PageantWindows windows = await Task.Run(() => Open(call), CancellationToken.None).ConfigureAwait(false);
        Windows = windows;
        _listening.TrySetResult();
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration stopping = ct.UnsafeRegister(_ => stop.SetResult(), null);
        await using (stopping.ConfigureAwait(false))
        {
            await stop.Task.ConfigureAwait(false);
        }
    }

    private PageantWindows Open(PageantCall call)
    {
        try
        {
            using PageantStartLock starting = PageantStartLock.Take();
            nint other = User32.FindWindow(PageantProtocol.WindowName, PageantProtocol.WindowName);
            return other == 0
                ? new PageantWindows(call, _log, ChangeMessageFilter)
                : throw new ChannelException($"There is a Pageant already, {Describe(other)}. End it and start "
                    + "SecureAgent again, or let SecureAgent use its keys (--upstream pageant).");
        }
        catch (Exception exception) when (exception is ChannelException or Win32Exception)
        {
            ChannelException failure = exception as ChannelException
                ?? new ChannelException($"Cannot listen as Pageant: {exception.Message}", exception);
            _listening.TrySetException(failure);
            _ = _listening.Task.Exception; // Seen: whoever awaits RunAsync gets it too.
            throw failure;
        }
    }

    private static string Describe(nint window) => WindowsProcess.Describe(User32.ProcessOf(window));
}
