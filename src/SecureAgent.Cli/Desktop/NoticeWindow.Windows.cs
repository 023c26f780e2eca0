using System.Drawing;
using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>A text in the corner of the screen, above all other windows, that takes no keyboard and goes away when what
/// it tells is over.</summary>
[SupportedOSPlatform("windows")]
internal sealed class NoticeWindow : NativeWindow, IDisposable
{
    private const uint Style = User32.WS_POPUP | User32.WS_BORDER;
    private const uint ExtendedStyle =
        User32.WS_EX_TOPMOST | User32.WS_EX_NOACTIVATE | User32.WS_EX_TOOLWINDOW;

    private readonly string _title;
    private readonly string _text;
    private int _over;

    private NoticeWindow(string title, string text) => (_title, _text) = (title, text);

    /// <summary>Shows it.</summary>
    /// <param name="title">Title of the window, for programs that read the screen.</param>
    /// <param name="text">Safe to show.</param>
    public static NoticeWindow Show(string title, string text)
    {
        NoticeWindow notice = new(title, text);
        notice.StartThread("notice");
        return notice;
    }

    /// <summary>Takes it away.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _over, 1);
        Interlocked.MemoryBarrier();
        if (Handle != 0)
        {
            _ = User32.PostMessageW(Handle, User32.WM_CLOSE, 0, 0);
        }
    }

    /// <inheritdoc/>
    protected override string? Create(SystemFont font)
    {
        int margin = DialogLayout.Margin(font.Line);
        Size text = font.Measure(_text, DialogLayout.TextWidth(font.Line));
        Size size = new(text.Width + (2 * margin), text.Height + (2 * margin));
        _ = User32.GetWorkArea(User32.SPI_GETWORKAREA, 0, out User32.RECT area, 0);
        if (CreateWindow(
            _title, Style, ExtendedStyle, area.right - size.Width - margin, area.bottom - size.Height - margin,
            size.Width, size.Height) is string failure)
        {
            return failure;
        }

        nint label = User32.CreateWindowExW(
            0, "STATIC", _text,
            User32.WS_CHILD | User32.WS_VISIBLE | User32.SS_NOPREFIX | User32.SS_EDITCONTROL,
            margin, margin, text.Width, text.Height, Handle, 0, 0, 0);
        _ = User32.SendMessageW(label, User32.WM_SETFONT, font.Handle, 1);
        _ = User32.ShowWindow(Handle, User32.SW_SHOWNOACTIVATE);
        if (Volatile.Read(ref _over) != 0)
        {
            _ = User32.DestroyWindow(Handle);
        }

        return null;
    }

    /// <inheritdoc/>
    protected override void OnEnded(string? failure)
    {
        // A notice that cannot be shown is no reason to fail: the device waits for its touch all the same.
    }
}
