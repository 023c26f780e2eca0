using System.ComponentModel;
using System.Runtime.Versioning;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.Pageant;

/// <summary>The windows of one channel: as many as wait for a person or a device at the same time, and some that clients
/// find. A client looks for a window by class and title before each request; one that waits has no title, so that
/// the client finds one that does not.</summary>
/// <remarks>One window alone would serve its clients in the wrong order: a request that comes in while another waits is
/// a call inside that one, and the first could not be answered before the second. Neither ReplyMessage, which
/// replies to the innermost call only, nor a fiber per call helps, because the system keeps the calls of a thread on a
/// stack. Windows once made are kept for the next time: each costs a thread that sleeps.</remarks>
[SupportedOSPlatform("windows")]
internal sealed class PageantWindows : IDisposable
{
    /// <summary>With so many waiting, the last one takes in all others.</summary>
    public const int MaxCount = 64;

    /// <summary>How many clients find at any time. One would do if looking for a window were a single step; where it is
    /// not (Wine), the one that was seen may have left, and the one that came for it is not looked at any more.</summary>
    public const int Spares = 2;

    private readonly object _gate = new();
    private readonly IAgentLog _log;
    private readonly Action<nint, uint, uint> _changeMessageFilter;
    private readonly List<PageantWindow> _all = [];
    private int _findable;

    /// <summary>Creates the first windows.</summary>
    /// <param name="call">Answers requests.</param>
    /// <param name="log">Takes refused clients and faults.</param>
    /// <param name="changeMessageFilter">ChangeWindowMessageFilterEx.</param>
    /// <exception cref="Win32Exception">The system gives no window.</exception>
    public PageantWindows(PageantCall call, IAgentLog log, Action<nint, uint, uint> changeMessageFilter)
    {
        (Call, _log, _changeMessageFilter) = (call, log, changeMessageFilter);
        for (int i = 0; i < Spares; i++)
        {
            Add();
        }
    }

    /// <summary>Answers requests.</summary>
    public PageantCall Call { get; }

    /// <summary>How many windows there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>How many of them wait, and are not found.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _all.Count - _findable;
            }
        }
    }

    /// <summary>Sees to it that clients find another window than this one, which will have to wait.</summary>
    public void Leave(PageantWindow window)
    {
        lock (_gate)
        {
            if (!window.IsAway && (_findable > Spares || (_all.Count < MaxCount && TryAdd()) || _findable > 1))
            {
                _findable--;
                window.SetAway(true);
            }
        }
    }

    /// <summary>Lets clients find a window that waits no more.</summary>
    public void Return(PageantWindow window)
    {
        lock (_gate)
        {
            if (window.IsAway)
            {
                window.SetAway(false);
                _findable++;
            }
        }
    }

    /// <summary>Lets programs send requests that are not elevated, should this one be. Those of low integrity may then
    /// send, too, and are told by their mapping.</summary>
    public void Allow(nint window) => _changeMessageFilter(window, User32.WM_COPYDATA, User32.MSGFLT_ALLOW);

    /// <summary>What there is to know of a client: its process if it named a window of its own, which proves
    /// nothing.</summary>
    public static PeerInfo PeerOf(nint sender)
    {
        int processId = User32.ProcessOf(sender);
        return new PeerInfo(PageantWindowChannel.ChannelName)
        {
            ProcessId = processId == 0 ? null : processId,
            User = WindowsUser.Current.Sid,
            ReadProcesses = () => processId == 0 ? [] : WindowsProcess.ChainOf(processId),
        };
    }

    /// <summary>Logs that a client was refused.</summary>
    public void LogRefusal(PeerInfo peer, string why) => _log.Write(new AgentEvent(AgentEventLevel.Warning, "peer",
        $"Refused a client of the Pageant window: {why}.") { Peer = peer });

    /// <summary>Logs a fault of the agent.</summary>
    public void LogFault(Exception exception) => _log.Write(new AgentEvent(AgentEventLevel.Error, "connection",
        $"A request to the Pageant window ended by a fault of the agent: {exception.GetType().Name}: "
        + exception.Message));

    /// <inheritdoc/>
    public void Dispose()
    {
        PageantWindow[] all;
        lock (_gate)
        {
            all = [.. _all];
        }

        Array.ForEach(all, window => window.Dispose());
    }

    private void Add()
    {
        _all.Add(new PageantWindow(this));
        _findable++;
    }

    private bool TryAdd()
    {
        try
        {
            Add();
            return true;
        }
        catch (Win32Exception exception)
        {
            LogFault(exception);
            return false;
        }
    }
}
