using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>The menu of the icon in the notification area.</summary>
[SupportedOSPlatform("windows")]
internal static class TrayMenu
{
    /// <summary>Shows it until the person chooses or looks elsewhere; <paramref name="window"/> gets WM_COMMAND with
    /// the number of the <see cref="TrayCommand"/>. Messages go on being handled meanwhile.</summary>
    /// <param name="window">On the calling thread.</param>
    /// <param name="items">The lines.</param>
    /// <param name="x">Where on the screen.</param>
    /// <param name="y">Where on the screen.</param>
    public static void Show(nint window, IReadOnlyList<TrayItem> items, int x, int y)
    {
        nint menu = User32.CreatePopupMenu();
        foreach (TrayItem item in items)
        {
            uint flags = item.Text.Length == 0
                ? User32.MF_SEPARATOR
                : item.Command == TrayCommand.None ? User32.MF_GRAYED : 0;
            _ = User32.AppendMenuW(menu, flags, (nint)item.Command, item.Text);
        }

        // Without the first, a click elsewhere does not close the menu; without the last, the next menu closes at once
        // (documentation of TrackPopupMenu).
        _ = User32.SetForegroundWindow(window);
        _ = User32.TrackPopupMenuEx(menu, User32.TPM_RIGHTBUTTON, x, y, window, 0);
        _ = User32.PostMessageW(window, User32.WM_NULL, 0, 0);
        _ = User32.DestroyMenu(menu);
    }
}
