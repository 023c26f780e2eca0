namespace SecureAgent.Cli.Desktop;

/// <summary>The messages by which Windows tells of sessions and of sleep (winuser.h).</summary>
internal static class SessionMessages
{
    /// <summary>Asks whether the session may end.</summary>
    public const uint WM_QUERYENDSESSION = 0x0011;

    /// <summary>The session ends, if wParam is not 0.</summary>
    public const uint WM_ENDSESSION = 0x0016;

    /// <summary>Something about power; wParam says what.</summary>
    public const uint WM_POWERBROADCAST = 0x0218;

    /// <summary>Something about the session; wParam says what.</summary>
    public const uint WM_WTSSESSION_CHANGE = 0x02B1;

    private const int PBT_APMSUSPEND = 4;
    private const int WTS_CONSOLE_DISCONNECT = 2;
    private const int WTS_REMOTE_DISCONNECT = 4;
    private const int WTS_SESSION_LOGOFF = 6;
    private const int WTS_SESSION_LOCK = 7;

    /// <summary>What a message tells; <see langword="null"/> if nothing that matters here.</summary>
    public static SessionChange? Read(uint message, nint wParam) => (message, (int)wParam) switch
    {
        (WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK or WTS_CONSOLE_DISCONNECT or WTS_REMOTE_DISCONNECT) =>
            SessionChange.Left,
        (WM_WTSSESSION_CHANGE, WTS_SESSION_LOGOFF) => SessionChange.Ends,
        (WM_POWERBROADCAST, PBT_APMSUSPEND) => SessionChange.Sleeps,
        (WM_ENDSESSION, not 0) => SessionChange.Ends,
        _ => null,
    };
}
