using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Threading.Channels;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Puts warnings and errors into the Application log of Windows (RegisterEventSourceW, ReportEventW), where
/// administrators look for them. Its service may be slow and must not hold up the agent, so that events wait in a queue,
/// and those that do not fit are dropped here; standard error has them.</summary>
/// <remarks>The source is in no registry, which would take an administrator: the viewer shows the text of an event after
/// a sentence that it knows no description.</remarks>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsEventLog : IDisposable
{
    private const string Source = "SecureAgent";
    private const int QueueEvents = 256;
    private const ushort EVENTLOG_ERROR_TYPE = 1;
    private const ushort EVENTLOG_WARNING_TYPE = 2;

    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(1);

    private readonly Report _report;
    private readonly Channel<AgentEvent> _events = Channel.CreateBounded<AgentEvent>(
        new BoundedChannelOptions(QueueEvents) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Task _writing;

    private WindowsEventLog(Report report)
    {
        _report = report;
        _writing = WriteAllAsync();
    }

    /// <summary>ReportEventW: type, and the one string of the event.</summary>
    internal delegate void Report(ushort type, string text);

    /// <summary>Opens the log.</summary>
    /// <exception cref="Win32Exception">Its service does not run.</exception>
    public static WindowsEventLog Open()
    {
        nint source = RegisterEventSource(null, Source);
        return source != 0
            ? new WindowsEventLog((type, text) => _ = ReportEvent(source, type, 0, 0, 0, 1, 0, [text], 0))
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Opens the log for all that <paramref name="log"/> takes from now on.</summary>
    /// <returns><see langword="null"/> if it cannot be opened, which <paramref name="log"/> has been told.</returns>
    public static WindowsEventLog? Follow(ObservedLog log)
    {
        try
        {
            WindowsEventLog eventLog = Open();
            log.Written += eventLog.Write;
            return eventLog;
        }
        catch (Win32Exception exception)
        {
            log.Write(new AgentEvent(AgentEventLevel.Warning, "log", "Nothing goes into the event log: "
                + $"{exception.Message}. Start the service EventLog, and then the agent again."));
            return null;
        }
    }

    /// <summary>The log with another way to report.</summary>
    internal static WindowsEventLog Open(Report report) => new(report);

    /// <summary>Takes an event; what is less than a warning is left out.</summary>
    public void Write(AgentEvent agentEvent)
    {
        if (agentEvent.Level >= AgentEventLevel.Warning)
        {
            _ = _events.Writer.TryWrite(agentEvent);
        }
    }

    /// <summary>Writes what is left, unless the service hangs. The system closes the source with the process.</summary>
    public void Dispose()
    {
        _events.Writer.TryComplete();
        _writing.Wait(LongestFlush);
    }

    private async Task WriteAllAsync()
    {
        await foreach (AgentEvent agentEvent in _events.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            _report(
                agentEvent.Level == AgentEventLevel.Error ? EVENTLOG_ERROR_TYPE : EVENTLOG_WARNING_TYPE,
                StandardErrorLog.Line(agentEvent));
        }
    }

    [LibraryImport("advapi32", EntryPoint = "RegisterEventSourceW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint RegisterEventSource(string? server, string source);

    [LibraryImport("advapi32", EntryPoint = "ReportEventW", StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int ReportEvent(nint source, ushort type, ushort category, uint eventId, nint userSid,
        ushort strings, uint dataSizeBytes, string[] texts, nint data);
}
