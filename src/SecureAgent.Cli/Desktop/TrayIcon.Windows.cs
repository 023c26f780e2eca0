using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>The icon in the notification area. Where there is no such area, as before the taskbar runs, nothing is
/// shown and nothing fails. All of it is called on the thread of its window.</summary>
[SupportedOSPlatform("windows")]
internal sealed unsafe class TrayIcon : IDisposable
{
    private const uint Id = 1;

    private readonly nint _window;
    private readonly uint _message;
    private readonly nint _openImage;
    private readonly nint _lockedImage;
    private string _tooltip = "";
    private bool _isLocked;

    /// <summary>Creates the icon; <see cref="Add"/> shows it.</summary>
    /// <param name="window">Gets <paramref name="message"/> for what the person does with the icon.</param>
    /// <param name="message">Its low word of lParam is the event (shellapi.h, NOTIFYICON_VERSION_4).</param>
    public TrayIcon(nint window, uint message)
    {
        (_window, _message) = (window, message);
        (_openImage, _lockedImage) = (CreateImage(isLocked: false), CreateImage(isLocked: true));
    }

    /// <summary>Shows the icon; again, too, after the taskbar was started anew.</summary>
    /// <returns>Whether there is a place to show it.</returns>
    public bool Add()
    {
        Shell32.NOTIFYICONDATAW data = Data(Shell32.NIF_MESSAGE | Look);
        data.uCallbackMessage = _message;
        SetLook(ref data);
        if (!Shell32.Shell_NotifyIconW(Shell32.NIM_ADD, in data))
        {
            return false;
        }

        data.uVersion = Shell32.NOTIFYICON_VERSION_4;
        _ = Shell32.Shell_NotifyIconW(Shell32.NIM_SETVERSION, in data);
        return true;
    }

    /// <summary>Changes what it says, if that is something else now.</summary>
    public void Update(string tooltip, bool isLocked)
    {
        if (tooltip == _tooltip && isLocked == _isLocked)
        {
            return;
        }

        (_tooltip, _isLocked) = (tooltip, isLocked);
        Shell32.NOTIFYICONDATAW data = Data(Look);
        SetLook(ref data);
        _ = Shell32.Shell_NotifyIconW(Shell32.NIM_MODIFY, in data);
    }

    /// <summary>Tells something beside the icon for a few seconds.</summary>
    /// <param name="title">At most 63 characters.</param>
    /// <param name="text">At most 255 characters.</param>
    public void Notify(string title, string text)
    {
        Shell32.NOTIFYICONDATAW data = Data(Shell32.NIF_INFO);
        data.dwInfoFlags = Shell32.NIIF_INFO | Shell32.NIIF_NOSOUND | Shell32.NIIF_RESPECT_QUIET_TIME;
        Copy(title, new Span<char>(data.szInfoTitle, 64));
        Copy(text, new Span<char>(data.szInfo, 256));
        _ = Shell32.Shell_NotifyIconW(Shell32.NIM_MODIFY, in data);
    }

    /// <summary>Takes the icon away.</summary>
    public void Dispose()
    {
        Shell32.NOTIFYICONDATAW data = Data(0);
        _ = Shell32.Shell_NotifyIconW(Shell32.NIM_DELETE, in data);
        _ = User32.DestroyIcon(_openImage);
        _ = User32.DestroyIcon(_lockedImage);
    }

    private const uint Look = Shell32.NIF_ICON | Shell32.NIF_TIP | Shell32.NIF_SHOWTIP;

    private static nint CreateImage(bool isLocked)
    {
        int size = User32.GetSystemMetrics(User32.SM_CXSMICON);
        // Rows of the mask are of whole 16-bit words. It is all zero: the picture's own alpha counts.
        byte[] mask = new byte[(size + 15) / 16 * 2 * size];
        return User32.CreateIcon(0, size, size, 1, 32, mask, TrayImage.Draw(size, isLocked));
    }

    private static void Copy(string text, Span<char> field)
    {
        field.Clear();
        text.AsSpan(0, Math.Min(text.Length, field.Length - 1)).CopyTo(field);
    }

    private Shell32.NOTIFYICONDATAW Data(uint flags) => new()
    {
        cbSize = (uint)sizeof(Shell32.NOTIFYICONDATAW),
        hWnd = _window,
        uID = Id,
        uFlags = flags,
    };

    private void SetLook(ref Shell32.NOTIFYICONDATAW data)
    {
        data.hIcon = _isLocked ? _lockedImage : _openImage;
        fixed (char* tip = data.szTip)
        {
            Copy(_tooltip, new Span<char>(tip, 128));
        }
    }
}
