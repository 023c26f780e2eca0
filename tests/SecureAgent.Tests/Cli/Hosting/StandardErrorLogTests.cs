using System.Text;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed class StandardErrorLogTests
{
    [Fact]
    public void A_line_says_who_what_and_why()
    {
        AgentEvent refused = new(AgentEventLevel.Warning, "refused", "The key is not here.")
        {
            Peer = new PeerInfo("unix") { ProcessId = 7 },
            Fingerprint = "SHA256:abc",
            Refusal = Refusal.UnknownKey,
        };
        Assert.Equal(
            "secure-agent: warning: refused: The key is not here. [unix pid 7, SHA256:abc, UnknownKey]",
            StandardErrorLog.Line(refused));
    }

    [Fact]
    public void A_message_cannot_forge_a_second_line_or_draw_on_the_terminal()
    {
        string line = StandardErrorLog.Line(new AgentEvent(AgentEventLevel.Information, "sign", "key x\nsecure-agent: \u001b[2J"));
        Assert.DoesNotContain('\n', line);
        Assert.DoesNotContain('\u001b', line);
    }

    [Fact]
    public async Task Only_events_of_the_level_are_written()
    {
        StringWriter written = new();
        await using (StandardErrorLog log = new(written, AgentEventLevel.Warning))
        {
            log.Write(new AgentEvent(AgentEventLevel.Information, "a", "quiet"));
            log.Write(new AgentEvent(AgentEventLevel.Error, "b", "loud"));
        }

        Assert.Equal("secure-agent: error: b: loud\n", written.ToString());
    }

    [Fact]
    public async Task A_reader_that_has_stopped_reading_does_not_stop_the_agent()
    {
        StuckWriter stuck = new();
        await using StandardErrorLog log = new(stuck, AgentEventLevel.Debug);
        await Task.Run(
            () =>
            {
                for (int i = 0; i < 5000; i++)
                {
                    log.Write(new AgentEvent(AgentEventLevel.Information, "sign", "line"));
                }
            },
            TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        stuck.GoOn.SetResult();
        await stuck.Dropped.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>Takes lines only after <see cref="GoOn"/>.</summary>
    private sealed class StuckWriter : StringWriter
    {
        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Dropped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override Encoding Encoding => Encoding.UTF8;

        public override async Task WriteAsync(string? value)
        {
            await GoOn.Task;
            if (value!.Contains("lines were dropped", StringComparison.Ordinal))
            {
                Dropped.TrySetResult();
            }
        }
    }
}
