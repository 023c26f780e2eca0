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
            _window = User32.CreateHidden(ClassName, cookie, Class.Value);
            // Zero is both the value before and the sign of an error.
            _ = User32.SetWindowLongPtr(_window, User32.GWLP_USERDATA, port);
            instance = User32.CreateHidden(InstanceClass, InstanceTitle, Class.Value);
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

    private static unsafe nint RegisterClass() => User32.RegisterClass(ClassName, &Procedure);

    [UnmanagedCallersOnly]
    private static nint Procedure(nint window, uint message, nint wParam, nint lParam) =>
        message == User32.WM_CLOSE ? 0 : User32.DefWindowProc(window, message, wParam, lParam); // Anybody may send it.
}
