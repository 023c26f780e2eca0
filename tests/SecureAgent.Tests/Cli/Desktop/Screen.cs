using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Cli.Desktop;

namespace SecureAgent.Tests.Cli.Desktop;

/// <summary>Looks at the windows on the screen, types and clicks, as a person would.</summary>
[SupportedOSPlatform("windows")]
internal static partial class Screen
{
    private const uint WM_CHAR = 0x0102;
    private const uint WM_KEYDOWN = 0x0100;
    private const uint BM_CLICK = 0x00F5;
    private const int GWL_EXSTYLE = -20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Waits for a window with this title that is none of <paramref name="known"/>.</summary>
    public static Task<nint> FindAsync(string title, params nint[] known) => FindAsync("SecureAgent", title, known);

    /// <summary>Waits for a window of this class.</summary>
    public static async Task<nint> FindAsync(string windowClass, string? title, nint[] known)
    {
        nint found = 0;
        await UntilAsync(() =>
        {
            found = Windows(windowClass, title).FirstOrDefault(window => !known.Contains(window));
            return found != 0 && IsWindowVisible(found) != 0;
        });
        return found;
    }

    /// <summary>Waits for something that is about to happen.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!condition())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    public static bool IsThere(nint window) => IsWindow(window) != 0;

    public static bool IsTopmost(nint window) =>
        (GetWindowLongPtrW(window, GWL_EXSTYLE) & (nint)User32.WS_EX_TOPMOST) != 0;

    public static IReadOnlyList<nint> Windows(string windowClass, string? title)
    {
        List<nint> windows = [];
        for (nint window = FindWindowExW(0, 0, windowClass, title); window != 0;)
        {
            windows.Add(window);
            window = FindWindowExW(0, window, windowClass, title);
        }

        return windows;
    }

    /// <summary>The text of a window's label.</summary>
    public static string Label(nint window)
    {
        nint label = FindWindowExW(window, 0, "STATIC", null);
        Span<byte> text = new byte[4096];
        int length = User32.GetWindowTextW(label, text, text.Length / sizeof(char));
        return MemoryMarshal.Cast<byte, char>(text)[..length].ToString();
    }

    public static nint Edit(nint window) => FindWindowExW(window, 0, "EDIT", null);

    /// <summary>Which control of a window has the keyboard.</summary>
    public static int FocusedId(nint window)
    {
        GuiThreadInfo info = new() { Size = Marshal.SizeOf<GuiThreadInfo>() };
        _ = GetGUIThreadInfo(GetWindowThreadProcessId(window, 0), ref info);
        return GetDlgCtrlID(info.Focus);
    }

    /// <summary>Types into the field of a window.</summary>
    public static async Task TypeAsync(nint window, string text)
    {
        nint edit = Edit(window);
        foreach (char character in text)
        {
            _ = User32.PostMessageW(edit, WM_CHAR, character, 0);
        }

        await UntilAsync(() => User32.GetWindowTextLengthW(edit) >= text.Length);
    }

    /// <summary>Presses a key in the control that has the keyboard.</summary>
    public static void Press(nint window, int key)
    {
        GuiThreadInfo info = new() { Size = Marshal.SizeOf<GuiThreadInfo>() };
        _ = GetGUIThreadInfo(GetWindowThreadProcessId(window, 0), ref info);
        _ = User32.PostMessageW(info.Focus == 0 ? window : info.Focus, WM_KEYDOWN, key, 1);
    }

    /// <summary>Clicks a button of a window.</summary>
    public static void Click(nint window, int id) =>
        _ = User32.PostMessageW(GetDlgItem(window, id), BM_CLICK, 0, 0);

    [LibraryImport("user32", StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint FindWindowExW(nint parent, nint after, string windowClass, string? title);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int IsWindow(nint window);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int IsWindowVisible(nint window);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetDlgItem(nint window, int id);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int GetDlgCtrlID(nint window);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetWindowLongPtrW(nint window, int index);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint GetWindowThreadProcessId(nint window, nint processId);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int GetGUIThreadInfo(uint thread, ref GuiThreadInfo info);

    /// <summary>GUITHREADINFO.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct GuiThreadInfo
    {
        public int Size;
        public uint Flags;
        public nint Active;
        public nint Focus;
        public nint Capture;
        public nint MenuOwner;
        public nint MoveSize;
        public nint Caret;
        public int CaretLeft;
        public int CaretTop;
        public int CaretRight;
        public int CaretBottom;
    }
}
