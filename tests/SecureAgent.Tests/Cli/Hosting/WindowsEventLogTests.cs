using System.Runtime.Versioning;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Hosting;

[SupportedOSPlatform("windows")]
public sealed class WindowsEventLogTests
{
    [Fact]
    public void Warnings_and_errors_are_reported_as_such_and_the_rest_is_not()
    {
        Requires.Windows("the Application log");
        List<(ushort Type, string Text)> reported = [];
        using (WindowsEventLog log = WindowsEventLog.Open((type, text) => reported.Add((type, text))))
        {
            foreach (AgentEventLevel level in Enum.GetValues<AgentEventLevel>())
            {
                log.Write(new AgentEvent(level, "sign", $"{level}\u001b."));
            }
        }

        Assert.Equal(
            [(2, "secure-agent: warning: sign: Warning\\u{1B}."), (1, "secure-agent: error: sign: Error\\u{1B}.")],
            reported);
    }

    [Fact]
    public void A_log_that_hangs_neither_holds_up_the_agent_nor_keeps_it_from_ending()
    {
        Requires.Windows("the Application log");
        using ManualResetEventSlim hung = new();
        WindowsEventLog log = WindowsEventLog.Open((_, _) => hung.Wait());
        for (int i = 0; i < 1000; i++)
        {
            log.Write(new AgentEvent(AgentEventLevel.Error, "sign", "It failed."));
        }

        log.Dispose();
        hung.Set();
    }

    [Fact]
    public void The_log_of_the_system_is_opened_without_privileges()
    {
        Requires.Windows("the Application log");
        using WindowsEventLog log = WindowsEventLog.Open();
        log.Write(new AgentEvent(AgentEventLevel.Warning, "test", "This is a test of SecureAgent; nothing is wrong."));
    }
}
