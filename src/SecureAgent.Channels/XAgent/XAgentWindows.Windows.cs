using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.XAgent;

/// <summary>The two hidden windows that Xshell looks for: one of the class <c>NSSSH:AGENTWND</c>, titled with the cookie,
/// whose user data is the port; and one by which it sees that an xagent runs.</summary>
[SupportedOSPlatform("windows")]
internal sealed class XAgentWindows : IXAgentSign
{
    /// <summary>Class of the window with the cookie.</summary>
    public const string ClassName = "NSSSH:AGENTWND";

    /// <summary>Title of the other, of the system's class <c>STATIC</c>.</summary>
    public const string InstanceTitle = "_SINGLE_INSTANCE::XAGENT";

    private const string InstanceClass = "STATIC";

    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);
    private static readonly Lazy<nint> Class = new(RegisterClass);

    private readonly TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private nint _window;
    private volatile bool _isClosing;

    /// <inheritdoc/>
    public void Show(int port, string cookie)
    {
        if (User32.FindWindow(ClassName, null) is var other and not 0)
        {
            throw new ChannelException($"There is an xagent already, {WindowsProcess.Describe(User32.ProcessOf(other))}. "
                + "End it and start SecureAgent again.");
        }

        _thread = new Thread(() => Run(port, cookie)) { IsBackground = true, Name = "xagent windows" };
        _thread.Start();
        try
        {
            _shown.Task.GetAwaiter().GetResult();
        }
        catch (Win32Exception exception)
        {
            throw new ChannelException($"Cannot be found by Xshell: {exception.Message}", exception);
        }
    }

    /// <summary>Takes the windows away.</summary>
    public void Dispose()
    {
        _isClosing = true;
        _ = User32.PostMessage(_window, User32.WM_NULL, 0, 0);
        _thread?.Join(ClosePatience);
    }

    // Windows belong to their thread, and whoever asks for a title waits until it takes in messages.
    private void Run(int port, string cookie)
    {
        nint instance = 0;
        try
        {
            _window = Create(ClassName, cookie, Class.Value);
            // Zero is both the value before and the sign of an error.
            _ = User32.SetWindowLongPtr(_window, User32.GWLP_USERDATA, port);
            instance = Create(InstanceClass, InstanceTitle, Class.Value);
        }
        catch (Win32Exception exception)
        {
            _ = User32.DestroyWindow(_window);
            _shown.SetException(exception);
            return;
        }

        _shown.SetResult();
        while (!_isClosing)
        {
            // WM_QUIT, which others may post, ends nothing.
            if (User32.GetMessage(out User32.Message message, 0, 0, 0) > 0)
            {
                _ = User32.DispatchMessage(message);
            }
        }

        _ = User32.DestroyWindow(instance);
        _ = User32.DestroyWindow(_window);
    }

    private static nint Create(string className, string title, nint instance)
    {
        nint window = User32.CreateWindowEx(0, className, title, 0, 0, 0, 0, 0, 0, 0, instance, 0);
        return window != 0 ? window : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Registers the class, once per process.</summary>
    /// <returns>The module that it belongs to.</returns>
    private static unsafe nint RegisterClass()
    {
        nint instance = NativeLibrary.GetMainProgramHandle();
        fixed (char* name = ClassName)
        {
            User32.WindowClass windowClass = new()
            {
                SizeBytes = (uint)Marshal.SizeOf<User32.WindowClass>(),
                Procedure = (nint)(delegate* unmanaged<nint, uint, nint, nint, nint>)&Procedure,
                Instance = instance,
                ClassName = (nint)name,
            };
            return User32.RegisterClassEx(windowClass) != 0
                ? instance
                : throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [UnmanagedCallersOnly]
    private static nint Procedure(nint window, uint message, nint wParam, nint lParam) =>
        message == User32.WM_CLOSE ? 0 : User32.DefWindowProc(window, message, wParam, lParam); // Anybody may send it.
}
