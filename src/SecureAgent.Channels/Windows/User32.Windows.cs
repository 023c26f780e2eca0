using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Channels.Windows;

/// <summary>Windows and messages (winuser.h).</summary>
[SupportedOSPlatform("windows")]
internal static partial class User32
{
    public const uint WM_NULL = 0;
    public const uint WM_CLOSE = 0x10;
    public const uint WM_COPYDATA = 0x4A;
    public const uint MSGFLT_ALLOW = 1;
    public const uint SMTO_NORMAL = 0;
    public const uint SMTO_ERRORONEXIT = 0x20;
    public const uint PM_REMOVE = 1;
    public const uint QS_ALLINPUT = 0x4FF;
    public const uint MWMO_INPUTAVAILABLE = 4;
    public const uint WAIT_FAILED = 0xFFFFFFFF;
    public const uint INFINITE = 0xFFFFFFFF;
    public const int GWLP_USERDATA = -21;

    [LibraryImport("user32", EntryPoint = "RegisterClassExW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial ushort RegisterClassEx(in WindowClass windowClass);

    [LibraryImport("user32", EntryPoint = "CreateWindowExW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint CreateWindowEx(uint extendedStyle, string className, string title, uint style,
        int x, int y, int width, int height, nint parent, nint menu, nint instance, nint parameter);

    [LibraryImport("user32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int DestroyWindow(nint window);

    [LibraryImport("user32", EntryPoint = "DefWindowProcW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint DefWindowProc(nint window, uint message, nint wParam, nint lParam);

    [LibraryImport("user32", EntryPoint = "SetWindowTextW", StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int SetWindowText(nint window, string text);

    [LibraryImport("user32", EntryPoint = "FindWindowW", StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint FindWindow(string className, string? title);

    [LibraryImport("user32", EntryPoint = "SetWindowLongPtrW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint SetWindowLongPtr(nint window, int index, nint value);

    [LibraryImport("user32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial uint GetWindowThreadProcessId(nint window, out uint processId);

    [LibraryImport("user32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int ChangeWindowMessageFilterEx(nint window, uint message, uint action, nint information);

    [LibraryImport("user32", EntryPoint = "GetMessageW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int GetMessage(out Message message, nint window, uint first, uint last);

    [LibraryImport("user32", EntryPoint = "PeekMessageW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int PeekMessage(out Message message, nint window, uint first, uint last, uint remove);

    [LibraryImport("user32", EntryPoint = "DispatchMessageW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint DispatchMessage(in Message message);

    [LibraryImport("user32", EntryPoint = "PostMessageW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial int PostMessage(nint window, uint message, nint wParam, nint lParam);

    [LibraryImport("user32", EntryPoint = "SendMessageTimeoutW", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial nint SendMessageTimeout(nint window, uint message, nint wParam, in CopyData copyData,
        uint flags, uint timeoutMilliseconds, out nint result);

    [LibraryImport("user32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial uint MsgWaitForMultipleObjectsEx(
        uint count, in nint handles, uint milliseconds, uint wakeMask, uint flags);

    /// <summary>Registers a class of hidden windows.</summary>
    /// <returns>The module that it belongs to.</returns>
    /// <exception cref="Win32Exception">It was registered before, or the system has no room.</exception>
    public static unsafe nint RegisterClass(string name, delegate* unmanaged<nint, uint, nint, nint, nint> procedure)
    {
        nint instance = NativeLibrary.GetMainProgramHandle();
        fixed (char* characters = name)
        {
            WindowClass windowClass = new()
            {
                SizeBytes = (uint)Marshal.SizeOf<WindowClass>(),
                Procedure = (nint)procedure,
                Instance = instance,
                ClassName = (nint)characters,
            };
            return RegisterClassEx(windowClass) != 0
                ? instance
                : throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Creates a hidden window.</summary>
    /// <param name="className">Its class.</param>
    /// <param name="title">Its title.</param>
    /// <param name="instance">The module of its class.</param>
    /// <exception cref="Win32Exception">The system gives no more windows.</exception>
    public static nint CreateHidden(string className, string title, nint instance)
    {
        nint window = CreateWindowEx(0, className, title, 0, 0, 0, 0, 0, 0, 0, instance, 0);
        return window != 0 ? window : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>The process of a window; 0 if there is no such window.</summary>
    public static int ProcessOf(nint window) =>
        window != 0 && GetWindowThreadProcessId(window, out uint processId) != 0 ? (int)processId : 0;

    /// <summary>COPYDATASTRUCT.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CopyData
    {
        public nuint Id;
        public uint SizeBytes;
        public nint Data;
    }

    /// <summary>MSG.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public nint Window;
        public uint Id;
        public nint WParam;
        public nint LParam;
        public uint Time;
        public int X;
        public int Y;
    }

    /// <summary>WNDCLASSEXW.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct WindowClass
    {
        public uint SizeBytes;
        public uint Style;
        public nint Procedure;
        public int ClassExtra;
        public int WindowExtra;
        public nint Instance;
        public nint Icon;
        public nint Cursor;
        public nint Background;
        public nint MenuName;
        public nint ClassName;
        public nint SmallIcon;
    }
}
