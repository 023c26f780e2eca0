using System.Drawing;
using System.Runtime.Versioning;
using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>One question on the screen, above all other windows and in the taskbar, on a thread of its own: any number
/// stands at the same time. It is owned by no other program's window, whose hanging would then be its own.</summary>
[SupportedOSPlatform("windows")]
internal sealed class PromptDialog : NativeWindow
{
    private const uint Style = User32.WS_POPUP | User32.WS_CAPTION | User32.WS_SYSMENU;
    private const uint ExtendedStyle =
        User32.WS_EX_TOPMOST | User32.WS_EX_CONTROLPARENT | User32.WS_EX_APPWINDOW;
    private const uint WM_CANCELLED = User32.WM_APP;

    // So that one that comes later does not cover the others.
    private const int Cascade = 8;
    private static int _shown;

    private readonly TaskCompletionSource<bool> _answered =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly string _title;
    private readonly string _text;
    private readonly string _accept;
    private readonly string _decline;
    private readonly PinField? _field;
    private int _cancelled;
    private bool _accepted;

    private PromptDialog(string title, string text, string accept, string decline, PinField? field) =>
        (_title, _text, _accept, _decline, _field) = (title, text, accept, decline, field);

    /// <inheritdoc/>
    protected override bool IsDialog => true;

    /// <summary>Asks yes or no. Enter, Escape and closing the window all say no.</summary>
    /// <param name="title">Title of the window.</param>
    /// <param name="text">Safe to show.</param>
    /// <param name="ct">Takes the question away.</param>
    /// <exception cref="BackendException">There is no desktop for it.</exception>
    public static async ValueTask<bool> ConfirmAsync(string title, string text, CancellationToken ct)
    {
        PromptDialog dialog = new(title, text, "&Allow", "&Deny", field: null);
        return await dialog.ShowAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Asks for a PIN or passphrase.</summary>
    /// <param name="title">Title of the window.</param>
    /// <param name="text">Safe to show.</param>
    /// <param name="memory">Where the answer is kept.</param>
    /// <param name="ct">Takes the question away.</param>
    /// <returns>The answer in UTF-8; <see langword="null"/> if the person gave none.</returns>
    /// <exception cref="BackendException">There is no desktop for it.</exception>
    public static async ValueTask<Secret?> ReadSecretAsync(
        string title, string text, ISecretMemory memory, CancellationToken ct)
    {
        PinField field = new(memory);
        PromptDialog dialog = new(title, text, "OK", "Cancel", field);
        try
        {
            return await dialog.ShowAsync(ct).ConfigureAwait(false) ? field.Take() : null;
        }
        finally
        {
            field.Take()?.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override string? Create(SystemFont font)
    {
        int line = font.Line;
        Size text = font.Measure(_text, DialogLayout.TextWidth(line));
        DialogLayout layout = DialogLayout.Of(text, line, _field is not null);
        User32.RECT frame = new() { right = layout.Client.Width, bottom = layout.Client.Height };
        _ = User32.AdjustWindowRectEx(ref frame, Style, hasMenu: false, ExtendedStyle);
        Size size = new(frame.right - frame.left, frame.bottom - frame.top);
        _ = User32.GetWorkArea(User32.SPI_GETWORKAREA, 0, out User32.RECT area, 0);
        int shift = Interlocked.Increment(ref _shown) % Cascade * line * 2;
        int x = Math.Max(area.left, (area.left + area.right - size.Width) / 2) + shift;
        int y = Math.Max(area.top, (area.top + area.bottom - size.Height) / 3) + shift;
        if (CreateWindow(_title, Style, ExtendedStyle, x, y, size.Width, size.Height) is string failure)
        {
            return failure;
        }

        _ = AddControl(font, "STATIC", _text, User32.SS_NOPREFIX | User32.SS_EDITCONTROL, 0, layout.Text, 0);
        nint focus = 0;
        if (_field is not null)
        {
            focus = AddControl(
                font,
                "EDIT",
                "",
                User32.ES_PASSWORD | User32.ES_AUTOHSCROLL | User32.WS_TABSTOP,
                User32.WS_EX_CLIENTEDGE,
                layout.Field,
                0);
            _field.Attach(focus);
        }

        // What Enter presses: OK where something was typed for it, No where nothing was.
        uint asDefault = User32.WS_TABSTOP | User32.BS_DEFPUSHBUTTON;
        _ = AddControl(
            font, "BUTTON", _accept, _field is null ? User32.WS_TABSTOP : asDefault, 0, layout.Accept, User32.IDOK);
        nint decline = AddControl(
            font,
            "BUTTON",
            _decline,
            _field is null ? asDefault : User32.WS_TABSTOP,
            0,
            layout.Decline,
            User32.IDCANCEL);
        BringUp(focus == 0 ? decline : focus);
        // Whoever cancels before the window is there leaves it to this line.
        if (Volatile.Read(ref _cancelled) != 0)
        {
            Close(accepted: false);
        }

        return null;
    }

    /// <inheritdoc/>
    protected override nint OnMessage(uint message, nint wParam, nint lParam)
    {
        switch (message)
        {
            case User32.WM_COMMAND when (ushort)wParam is User32.IDOK or User32.IDCANCEL:
                Close((ushort)wParam == User32.IDOK);
                return 0;
            case User32.WM_CLOSE or WM_CANCELLED:
                Close(accepted: false);
                return 0;
            case User32.DM_GETDEFID:
                return (User32.DC_HASDEFID << 16) | (_field is null ? User32.IDCANCEL : User32.IDOK);
            default:
                return base.OnMessage(message, wParam, lParam);
        }
    }

    /// <inheritdoc/>
    protected override void OnEnded(string? failure)
    {
        if (failure is not null)
        {
            _answered.SetException(new BackendException(
                BackendFailure.PinRequired, $"Nobody can be asked: Windows shows no dialog here: {failure}."));
        }
        else
        {
            _answered.SetResult(_accepted);
        }
    }

    private async ValueTask<bool> ShowAsync(CancellationToken ct)
    {
        StartThread("prompt");
        using CancellationTokenRegistration gone = ct.Register(Cancel);
        bool accepted = await _answered.Task.ConfigureAwait(false);
        // An answer that came as late as that has nobody waiting for it.
        ct.ThrowIfCancellationRequested();
        return accepted;
    }

    private void Cancel()
    {
        Volatile.Write(ref _cancelled, 1);
        Interlocked.MemoryBarrier();
        if (Handle != 0)
        {
            _ = User32.PostMessageW(Handle, WM_CANCELLED, 0, 0);
        }
    }

    private void Close(bool accepted)
    {
        _field?.Read(keep: accepted);
        _accepted = accepted;
        _ = User32.DestroyWindow(Handle);
    }

    private nint AddControl(
        SystemFont font, string windowClass, string text, uint style, uint extendedStyle, Rectangle place, int id)
    {
        nint control = User32.CreateWindowExW(
            extendedStyle, windowClass, text, style | User32.WS_CHILD | User32.WS_VISIBLE,
            place.X, place.Y, place.Width, place.Height, Handle, id, 0, 0);
        _ = User32.SendMessageW(control, User32.WM_SETFONT, font.Handle, 1);
        return control;
    }

    // Windows lets only the program in front bring up another window. Where it does not let us, the window is still
    // above all others, and its button in the taskbar flashes.
    private unsafe void BringUp(nint focus)
    {
        _ = User32.ShowWindow(Handle, User32.SW_SHOW);
        _ = User32.SetForegroundWindow(Handle);
        _ = User32.SetFocus(focus);
        if (User32.GetForegroundWindow() != Handle)
        {
            User32.FLASHWINFO flash = new()
            {
                cbSize = (uint)sizeof(User32.FLASHWINFO),
                hwnd = Handle,
                dwFlags = User32.FLASHW_TRAY | User32.FLASHW_TIMERNOFG,
            };
            _ = User32.FlashWindowEx(in flash);
        }
    }
}
