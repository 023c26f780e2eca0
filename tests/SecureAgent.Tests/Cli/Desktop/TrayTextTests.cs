using SecureAgent.Cli.Desktop;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Desktop;

public sealed class TrayTextTests
{
    [Theory]
    [InlineData(0, false, "SecureAgent: no keys")]
    [InlineData(1, false, "SecureAgent: 1 key")]
    [InlineData(3, false, "SecureAgent: 3 keys")]
    [InlineData(3, true, "SecureAgent: locked")]
    public void Tooltip_says_how_many_keys_there_are_or_that_the_agent_is_locked(int keys, bool isLocked, string tooltip) =>
        Assert.Equal(tooltip, TrayText.Tooltip(State(keys, isLocked)));

    [Fact]
    public void Tooltip_and_menu_tell_what_does_not_serve()
    {
        TrayState state = State(1, isLocked: false) with { Failures = ["the name is taken & held by a.exe\u202E", "no"] };
        Assert.Equal("SecureAgent: 1 key; 2 channels do not serve", TrayText.Tooltip(state));
        Assert.True(TrayText.Tooltip(state).Length <= TrayText.TooltipCharacters);
        string[] texts = [.. TrayText.Menu(state).Select(item => item.Text)];
        Assert.Contains(@"Not served: the name is taken && held by a.exe\u{202E}", texts);
        Assert.Equal(["1 key", @"pipe: \\.\pipe\x"], texts[..2]);
    }

    [Fact]
    public void Menu_offers_to_lock_or_to_unlock_and_the_rest_in_both_states()
    {
        Assert.Equal(
            [TrayCommand.Lock, TrayCommand.RemoveAllKeys, TrayCommand.Quit], Commands(State(1, isLocked: false)));
        Assert.Equal(
            [TrayCommand.Unlock, TrayCommand.RemoveAllKeys, TrayCommand.Quit], Commands(State(1, isLocked: true)));
    }

    [Fact]
    public void Menu_tells_why_the_last_request_was_refused_in_a_short_line()
    {
        TrayState state = State(1, isLocked: false);
        AgentEvent refusal = new(AgentEventLevel.Warning, "refused", new string('x', 1000));
        state = state with { Agent = state.Agent with { LastRefusal = refusal } };
        string line = Assert.Single(
            TrayText.Menu(state), item => item.Text.StartsWith("Last refusal: x", StringComparison.Ordinal)).Text;
        Assert.True(line.Length <= 101);
    }

    private static IEnumerable<TrayCommand> Commands(TrayState state) =>
        TrayText.Menu(state).Select(item => item.Command).Where(command => command != TrayCommand.None);

    private static TrayState State(int keys, bool isLocked) =>
        new(new AgentStatus(keys, 0, isLocked, 0, 0, null, null, null), [@"pipe: \\.\pipe\x"], []);
}
