using System.Globalization;
using System.Text;
using System.Threading.Channels;
using SecureAgent.Cli.Output;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Hosting;

/// <summary>Writes one plain line per event to standard error. A reader of standard error that has stopped reading must
/// not stop the agent, so that the lines wait in a queue, and those that do not fit are counted and dropped.</summary>
internal sealed class StandardErrorLog : IAgentLog, IAsyncDisposable
{
    private const int QueueLines = 1024;
    private const int LinesPerWrite = 64;
    private const int LineCharacters = 1000;
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(1);

    private readonly TextWriter _error;
    private readonly AgentEventLevel _least;
    private readonly Channel<AgentEvent> _events = Channel.CreateBounded<AgentEvent>(
        new BoundedChannelOptions(QueueLines) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Task _writing;
    private int _dropped;

    /// <summary>Starts the log.</summary>
    /// <param name="error">Where the lines go.</param>
    /// <param name="least">The lowest level to write.</param>
    public StandardErrorLog(TextWriter error, AgentEventLevel least)
    {
        (_error, _least) = (error, least);
        _writing = WriteAllAsync();
    }

    /// <inheritdoc/>
    public void Write(AgentEvent agentEvent)
    {
        if (agentEvent.Level >= _least && !_events.Writer.TryWrite(agentEvent))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Writes what is left, unless nobody reads it.</summary>
    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(LongestFlush)).ConfigureAwait(false);
    }

    /// <summary>The line of an event, without line end.</summary>
    public static string Line(AgentEvent agentEvent)
    {
        StringBuilder line = new("secure-agent: ");
        line.Append(agentEvent.Level switch
        {
            AgentEventLevel.Debug => "debug: ",
            AgentEventLevel.Information => "",
            AgentEventLevel.Warning => "warning: ",
            _ => "error: ",
        });
        line.Append(agentEvent.Kind).Append(": ").Append(agentEvent.Message);
        List<string> about = [];
        if (agentEvent.Peer is PeerInfo peer)
        {
            about.Add(peer.ProcessId is int id ? $"{peer.Channel} pid {id}" : peer.Channel);
            if (peer.Claimed is ClaimedPeer claimed)
            {
                about.Add(PromptText.Claim(claimed));
            }
        }

        if (agentEvent.Fingerprint is string fingerprint)
        {
            about.Add(fingerprint);
        }

        if (agentEvent.Refusal is Refusal refusal)
        {
            about.Add(refusal.ToString());
        }

        if (about.Count > 0)
        {
            line.Append(" [").AppendJoin(", ", about).Append(']');
        }

        return SafeText.Line(line.ToString(), LineCharacters);
    }

    private async Task WriteAllAsync()
    {
        StringBuilder lines = new();
        while (await _events.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            // Written many at a time: an agent that makes thousands of signatures a second has better things to do.
            for (int count = 0; count < LinesPerWrite && _events.Reader.TryRead(out AgentEvent? agentEvent); count++)
            {
                lines.Append(Line(agentEvent)).Append('\n');
            }

            int dropped = Interlocked.Exchange(ref _dropped, 0);
            if (dropped > 0)
            {
                lines.Append(
                    CultureInfo.InvariantCulture, $"secure-agent: warning: log: {dropped} lines were dropped\n");
            }

            try
            {
                await _error.WriteAsync(lines.ToString()).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // Standard error was closed. The agent goes on without.
            }

            lines.Clear();
        }
    }
}
