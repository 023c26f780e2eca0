using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>A top-level window that lives on a thread of its own, with that thread's message loop. What its messages
/// start must be quick: the thread never waits for the agent.</summary>
[SupportedOSPlatform("windows")]
internal abstract unsafe class NativeWindow
{
    private const string ClassName = "SecureAgent";

    private static readonly ConcurrentDictionary<nint, NativeWindow> Open = new();
    private static readonly Lazy<bool> Class = new(RegisterClass);

    [ThreadStatic]
    private static NativeWindow? _creating;

    private nint _handle;

    /// <summary>The window; 0 before it was created.</summary>
    public nint Handle => Volatile.Read(ref _handle);

    /// <summary>Starts the thread, which creates the window and runs until the window is destroyed.</summary>
    /// <param name="name">Of the thread, for a debugger.</param>
    protected void StartThread(string name)
    {
        Thread thread = new(Run) { IsBackground = true, Name = name };
        // Input methods for Asian languages want it.
        thread.SetApartmentState(ApartmentState.STA);
        thread.Start();
    }

    /// <summary>Creates the window by <see cref="CreateWindow"/>, and what is in it, on its thread.</summary>
    /// <param name="font">For what is in it; it lives as long as the window.</param>
    /// <returns>Why that failed, or <see langword="null"/>.</returns>
    protected abstract string? Create(SystemFont font);

    /// <summary>Called on the window's thread at its very end.</summary>
    /// <param name="failure">Why there was no window, or <see langword="null"/>.</param>
    protected abstract void OnEnded(string? failure);

    /// <summary>Whether the keyboard moves between the controls of this window, as in a dialog.</summary>
    protected virtual bool IsDialog => false;

    /// <summary>Takes one message; what it does not know goes to the base.</summary>
    protected virtual nint OnMessage(uint message, nint wParam, nint lParam)
    {
        if (message == User32.WM_DESTROY)
        {
            User32.PostQuitMessage(0);
            return 0;
        }

        return User32.DefWindowProcW(Handle, message, wParam, lParam);
    }

    /// <summary>Creates the window itself, hidden unless its style says otherwise.</summary>
    /// <returns>Why that failed, or <see langword="null"/>.</returns>
    protected string? CreateWindow(
        string title, uint style, uint extendedStyle, int x, int y, int width, int height)
    {
        _ = Class.Value;
        _creating = this;
        nint handle = User32.CreateWindowExW(
            extendedStyle, ClassName, title, style, x, y, width, height, 0, 0, 0, 0);
        _creating = null;
        return handle != 0 ? null : Marshal.GetLastPInvokeErrorMessage();
    }

    private static bool RegisterClass()
    {
        fixed (char* name = ClassName)
        {
            User32.WNDCLASSEXW windowClass = new()
            {
                cbSize = (uint)sizeof(User32.WNDCLASSEXW),
                lpfnWndProc = &Dispatch,
                hbrBackground = User32.COLOR_BTNFACE + 1,
                lpszClassName = name,
            };
            return User32.RegisterClassExW(in windowClass) != 0;
        }
    }

    [UnmanagedCallersOnly]
    private static nint Dispatch(nint handle, uint message, nint wParam, nint lParam)
    {
        if (_creating is NativeWindow created)
        {
            // The first message of all. Those of its controls follow when it is known.
            _creating = null;
            Volatile.Write(ref created._handle, handle);
            Open[handle] = created;
        }

        return Open.TryGetValue(handle, out NativeWindow? window)
            ? window.OnMessage(message, wParam, lParam)
            : User32.DefWindowProcW(handle, message, wParam, lParam);
    }

    private void Run()
    {
        // Sizes follow the system's font, so that Windows need not blow up the picture.
        _ = User32.SetThreadDpiAwarenessContext(User32.DPI_AWARENESS_CONTEXT_SYSTEM_AWARE);
        using SystemFont font = new();
        string? failure = Create(font);
        if (failure is null)
        {
            while (User32.GetMessageW(out User32.MSG message, 0, 0, 0) > 0)
            {
                if (!IsDialog || !User32.IsDialogMessageW(Handle, in message))
                {
                    _ = User32.TranslateMessage(in message);
                    _ = User32.DispatchMessageW(in message);
                }
            }
        }

        _ = Open.TryRemove(Handle, out _);
        OnEnded(failure);
    }
}
