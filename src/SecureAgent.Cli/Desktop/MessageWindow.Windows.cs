using System.Collections.Concurrent;
using System.Runtime.Versioning;

namespace SecureAgent.Cli.Desktop;

/// <summary>A window that nobody sees: it takes the messages that Windows sends to every program, and runs what others
/// bring onto its thread. It is a top-level one because message-only windows get no broadcasts.</summary>
[SupportedOSPlatform("windows")]
internal sealed class MessageWindow : NativeWindow, IDisposable
{
    private const uint WM_INVOKE = User32.WM_APP;
    private const uint WM_END = User32.WM_APP + 1;

    private readonly ConcurrentQueue<Action> _actions = new();
    private readonly TaskCompletionSource<string?> _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _ended = new();
    private readonly string _title;
    private readonly Func<uint, nint, nint, nint?> _handler;

    private MessageWindow(string title, Func<uint, nint, nint, nint?> handler) =>
        (_title, _handler) = (title, handler);

    /// <summary>Starts it.</summary>
    /// <param name="title">The window's title, by which other programs find it.</param>
    /// <param name="handler">Given each message on the window's thread; what it returns is the answer, and
    /// <see langword="null"/> leaves the message to Windows.</param>
    /// <returns>The window, and why there is none; <see langword="null"/> if there is.</returns>
    public static async Task<(MessageWindow Window, string? Failure)> StartAsync(
        string title, Func<uint, nint, nint, nint?> handler)
    {
        MessageWindow window = new(title, handler);
        window.StartThread("desktop");
        return (window, await window._created.Task.ConfigureAwait(false));
    }

    /// <summary>Runs <paramref name="action"/> on the window's thread, soon, unless the window has ended.</summary>
    public void Invoke(Action action)
    {
        _actions.Enqueue(action);
        _ = User32.PostMessageW(Handle, WM_INVOKE, 0, 0);
    }

    /// <summary>Destroys the window and waits for its thread; not to be called on that.</summary>
    public void Dispose()
    {
        _ = User32.PostMessageW(Handle, WM_END, 0, 0);
        _ended.Wait();
        _ended.Dispose();
    }

    /// <inheritdoc/>
    protected override string? Create(SystemFont font)
    {
        string? failure = CreateWindow(_title, User32.WS_OVERLAPPED, 0, 0, 0, 0, 0);
        _created.SetResult(failure);
        return failure;
    }

    /// <inheritdoc/>
    protected override void OnEnded(string? failure) => _ended.Set();

    /// <inheritdoc/>
    protected override nint OnMessage(uint message, nint wParam, nint lParam)
    {
        if (message == WM_INVOKE)
        {
            while (_actions.TryDequeue(out Action? action))
            {
                action();
            }

            return 0;
        }

        if (message == WM_END)
        {
            _ = User32.DestroyWindow(Handle);
            return 0;
        }

        return _handler(message, wParam, lParam) ?? base.OnMessage(message, wParam, lParam);
    }
}
