using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.Pageant;

/// <summary>One hidden window that clients take for Pageant's, on a thread of its own.</summary>
/// <remarks>The sender of a WM_COPYDATA waits until the window procedure returns, which it may do only when the answer
/// is in the mapping. What is quick is answered on the spot. For the rest the procedure waits, and takes in other
/// requests meanwhile; as those are calls inside its own, it could not return before they do. That is why a window that
/// has to wait first gives up its title, so that new clients find another window (<see cref="PageantWindows"/>): only a
/// client that had found this window just before still gets here.</remarks>
[SupportedOSPlatform("windows")]
internal sealed class PageantWindow : IDisposable
{
    /// <summary>Calls inside calls; the next clients wait until one ends.</summary>
    private const int MaxDepth = 16;

    private const int StackSizeBytes = 512 * 1024;

    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private static readonly Lazy<nint> Class = new(RegisterClass);

    [ThreadStatic]
    private static PageantWindow? _ofThread;

    private readonly PageantWindows _windows;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<nint> _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private nint _handle;
    private int _depth;
    private volatile bool _isClosing;

    /// <summary>Creates the window; clients can find it when this returns.</summary>
    /// <param name="windows">All of them.</param>
    /// <exception cref="Win32Exception">The system gives no more windows.</exception>
    public PageantWindow(PageantWindows windows)
    {
        _windows = windows;
        _thread = new Thread(Run, StackSizeBytes) { IsBackground = true, Name = "pageant window" };
        _thread.Start();
        _created.Task.GetAwaiter().GetResult();
    }

    /// <summary>Whether it has given up its title. Belongs to <see cref="PageantWindows"/>.</summary>
    public bool IsAway { get; private set; }

    /// <summary>Destroys the window; whoever waits for an answer gets none.</summary>
    public void Dispose()
    {
        _isClosing = true;
        Wake();
        _thread.Join(ClosePatience);
    }

    /// <summary>Lets new clients find it, or another one instead. For its own thread only.</summary>
    public void SetAway(bool isAway)
    {
        IsAway = isAway;
        _ = User32.SetWindowText(_handle, isAway ? "" : PageantProtocol.WindowName);
    }

    private void Wake() => _ = User32.PostMessage(_handle, User32.WM_NULL, 0, 0);

    private void Run()
    {
        _ofThread = this;
        try
        {
            _handle = User32.CreateHidden(
                PageantProtocol.WindowName, PageantProtocol.WindowName, Class.Value);
            _windows.Allow(_handle);
        }
        catch (Win32Exception exception)
        {
            _created.SetException(exception);
            return;
        }

        _created.SetResult(_handle);
        while (!_isClosing)
        {
            // WM_QUIT, which others may post, ends nothing.
            if (User32.GetMessage(out User32.Message message, 0, 0, 0) > 0)
            {
                _ = User32.DispatchMessage(message);
            }
        }

        _ = User32.DestroyWindow(_handle);
    }

    private bool TryAnswer(nint sender, in User32.CopyData data)
    {
        if (data.Id != PageantProtocol.CopyDataId)
        {
            return false;
        }

        PeerInfo peer = PageantWindows.PeerOf(sender);
        ReadOnlySpan<byte> name = Bytes(data);
        if (!PageantProtocol.IsMappingName(name))
        {
            _windows.LogRefusal(peer, "it sent no name of a file mapping");
            return false;
        }

        using RequestMapping? mapping = RequestMapping.Open(name, out string refusal);
        if (mapping is null)
        {
            _windows.LogRefusal(peer, refusal);
            return false;
        }

        if (mapping.Read(out int length) is not { } request)
        {
            mapping.Write(PageantCall.Refusal.Span);
            return true;
        }

        Task<ReadOnlyMemory<byte>> answering =
            _windows.Call.AnswerAsync(peer, request, length, mapping.MaxBodySizeBytes);
        if (!answering.IsCompleted)
        {
            Wait(answering);
        }

        mapping.Write(answering.GetAwaiter().GetResult().Span);
        return true;
    }

    private void Wait(Task answering)
    {
        if (_depth == MaxDepth)
        {
            answering.Wait();
            return;
        }

        _depth++;
        try
        {
            _windows.Leave(this);
            Pump(answering);
        }
        finally
        {
            _depth--;
            if (_depth == 0)
            {
                _windows.Return(this);
            }

            if (_isClosing)
            {
                Wake(); // The call before may have been taken in while waiting.
            }
        }
    }

    /// <summary>Takes in other messages until <paramref name="answering"/> is complete.</summary>
    private static void Pump(Task answering)
    {
        using EventWaitHandle answered = new(initialState: false, EventResetMode.ManualReset);
        Task signal = answering.ContinueWith(
            _ => answered.Set(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        nint handle = answered.SafeWaitHandle.DangerousGetHandle();
        while (!answering.IsCompleted && User32.MsgWaitForMultipleObjectsEx(
            1, handle, User32.INFINITE, User32.QS_ALLINPUT, User32.MWMO_INPUTAVAILABLE) != User32.WAIT_FAILED)
        {
            while (User32.PeekMessage(out User32.Message message, 0, 0, 0, User32.PM_REMOVE) != 0)
            {
                _ = User32.DispatchMessage(message);
            }
        }

        signal.Wait();
    }

    private static unsafe ReadOnlySpan<byte> Bytes(in User32.CopyData data) =>
        data.Data == 0 ? [] : new ReadOnlySpan<byte>((void*)data.Data, (int)Math.Min(data.SizeBytes, int.MaxValue));

    private static unsafe nint RegisterClass() => User32.RegisterClass(PageantProtocol.WindowName, &Procedure);

    [UnmanagedCallersOnly]
    private static unsafe nint Procedure(nint window, uint message, nint wParam, nint lParam)
    {
        switch (message)
        {
            case User32.WM_CLOSE:
                return 0; // Anybody may send it.
            case User32.WM_COPYDATA when lParam != 0 && _ofThread is { _isClosing: false } self:
                try
                {
                    return self.TryAnswer(wParam, *(User32.CopyData*)lParam) ? 1 : 0;
                }
#pragma warning disable CA1031 // An exception that leaves a window procedure ends the process.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    self._windows.LogFault(exception);
                    return 0;
                }

            default:
                return User32.DefWindowProc(window, message, wParam, lParam);
        }
    }
}
