using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>The agent's presence in the person's session: the icon in the notification area, and what Windows tells of
/// locking, sleep and the end of the session.</summary>
[SupportedOSPlatform("windows")]
internal sealed class UserDesktop : IDisposable
{
    /// <summary>Title of the window that takes the messages.</summary>
    public const string WindowTitle = "SecureAgent desktop";

    /// <summary>The message that the icon sends.</summary>
    public const uint WM_TRAY = User32.WM_APP + 100;

    private const string Name = "SecureAgent";
    private const int NoticeCharacters = 250;

    // Windows ends a process that takes longer than five seconds.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(4);

    // And sleeps after two.
    private static readonly TimeSpan LongestReaction = TimeSpan.FromSeconds(1);

    private readonly SshAgent _agent;
    private readonly Settings _settings;
    private readonly ObservedLog _log;
    private readonly Func<TrayState> _state;
    private readonly Action _end;
    private readonly TrayCommands _commands;
    private readonly uint _taskbarCreated = User32.RegisterWindowMessageW("TaskbarCreated");
    private readonly ManualResetEventSlim _ended = new();
    private MessageWindow? _window;
#pragma warning disable CA2213 // Disposed on the window's thread, before the window.
    private TrayIcon? _icon;
#pragma warning restore CA2213
    private int _refreshing;

    private UserDesktop(
        SshAgent agent,
        Settings settings,
        TrayCommands commands,
        ObservedLog log,
        Func<TrayState> state,
        Action end)
    {
        (_agent, _settings, _commands, _log, _state, _end) = (agent, settings, commands, log, state, end);
    }

    /// <summary>Appears.</summary>
    /// <param name="agent">What is shown, and reacted upon.</param>
    /// <param name="settings">What to do when the person leaves.</param>
    /// <param name="commands">Does what is chosen in the menu.</param>
    /// <param name="log">Told what was done; tells what happens in the agent.</param>
    /// <param name="state">What there is to show now; called on the window's thread.</param>
    /// <param name="end">Ends the agent, without waiting for it.</param>
    /// <returns><see langword="null"/> if Windows makes no window for this process.</returns>
    public static async Task<UserDesktop?> StartAsync(
        SshAgent agent,
        Settings settings,
        TrayCommands commands,
        ObservedLog log,
        Func<TrayState> state,
        Action end)
    {
#pragma warning disable CA2000 // The caller disposes it.
        UserDesktop desktop = new(agent, settings, commands, log, state, end);
#pragma warning restore CA2000
        (MessageWindow window, string? failure) =
            await MessageWindow.StartAsync(WindowTitle, desktop.OnMessage).ConfigureAwait(false);
        if (failure is not null)
        {
            window.Dispose();
            commands.Dispose();
            desktop._ended.Dispose();
            log.Write(new AgentEvent(AgentEventLevel.Warning, "desktop",
                $"Windows tells the agent nothing of locking, sleep and logoff: {failure}"));
            return null;
        }

        desktop._window = window;
        window.Invoke(desktop.Appear);
        log.Written += desktop.OnEvent;
        return desktop;
    }

    /// <summary>Disappears, and lets the session end if it waits for that.</summary>
    public void Dispose()
    {
        _log.Written -= OnEvent;
        _commands.Dispose();
        _ended.Set();
        _window!.Invoke(Disappear);
        _window.Dispose();
        _ended.Dispose();
    }

    /// <summary>Tells something beside the icon.</summary>
    public void Notify(string text) => _window!.Invoke(
        () => _icon?.Notify(Name, SafeText.Line(text, NoticeCharacters)));

    private void Appear()
    {
        // A service runs in no session that is ever locked.
        if (!Wtsapi32.WTSRegisterSessionNotification(_window!.Handle, Wtsapi32.NOTIFY_FOR_THIS_SESSION))
        {
            string problem = Marshal.GetLastPInvokeErrorMessage();
            _log.Write(new AgentEvent(AgentEventLevel.Warning, "desktop",
                $"Windows does not tell the agent when the session is locked: {problem}"));
        }

        if (InteractiveDesktop.Missing() is null)
        {
            // The taskbar may have fewer rights than this process, and its message must arrive all the same.
            _ = User32.ChangeWindowMessageFilterEx(_window.Handle, _taskbarCreated, User32.MSGFLT_ALLOW, 0);
            _icon = new TrayIcon(_window.Handle, WM_TRAY);
            Refresh();
            _ = _icon.Add();
        }
    }

    private void Disappear()
    {
        _ = Wtsapi32.WTSUnRegisterSessionNotification(_window!.Handle);
        _icon?.Dispose();
        _icon = null;
    }

    private void Refresh()
    {
        Volatile.Write(ref _refreshing, 0);
        TrayState state = _state();
        _icon?.Update(TrayText.Tooltip(state), state.Agent.IsLocked);
    }

    // On whatever thread the agent is at work, which must not wait.
    private void OnEvent(AgentEvent agentEvent)
    {
        if (agentEvent.Kind == "sign")
        {
            if (_settings.NotifiesUses)
            {
                Notify(agentEvent.Message);
            }
        }
        else if (Interlocked.Exchange(ref _refreshing, 1) == 0)
        {
            _window!.Invoke(Refresh);
        }
    }

    private nint? OnMessage(uint message, nint wParam, nint lParam)
    {
        if (message == _taskbarCreated)
        {
            _ = _icon?.Add();
            return 0;
        }

        switch (message)
        {
            case WM_TRAY:
                OnTray((ushort)lParam, (short)wParam, (short)(wParam >> 16));
                return 0;
            case User32.WM_COMMAND when (TrayCommand)(ushort)wParam is TrayCommand command and not TrayCommand.None:
                OnCommand(command);
                return 0;
            case User32.WM_CLOSE:
                // taskkill without /F.
                _end();
                return 0;
            case SessionMessages.WM_QUERYENDSESSION:
                return 1;
            default:
                return SessionMessages.Read(message, wParam) is SessionChange change ? OnSession(change) : null;
        }
    }

    private void OnTray(ushort trayEvent, int x, int y)
    {
        switch ((uint)trayEvent)
        {
            case User32.WM_CONTEXTMENU or Shell32.NIN_SELECT or Shell32.NIN_KEYSELECT:
                TrayMenu.Show(_window!.Handle, TrayText.Menu(_state()), x, y);
                break;
            case User32.WM_MOUSEMOVE:
                Refresh();
                break;
            default:
                break;
        }
    }

    private void OnCommand(TrayCommand command)
    {
        if (command == TrayCommand.Quit)
        {
            _end();
        }
        else
        {
            _ = _commands.Start(command, Notify);
        }
    }

    private nint OnSession(SessionChange change)
    {
        if (change == SessionChange.Ends)
        {
            _end();
            // As soon as the message is answered, Windows ends the process.
            _ = _ended.Wait(LongestEnd);
            return 0;
        }

        // On another thread, for this one depends on no device; bounded, because the machine waits for it to sleep.
        _ = Task.Run(() => SessionReactions.React(change, _settings, _agent, _log)).Wait(LongestReaction);
        return 1;
    }
}
