using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>The words of the notification area.</summary>
internal static class TrayText
{
    /// <summary>Longest tooltip that Windows shows.</summary>
    public const int TooltipCharacters = 127;

    private const int LineCharacters = 100;
    private static readonly TrayItem Separator = new("", TrayCommand.None);

    /// <summary>What is shown while the mouse rests on the icon.</summary>
    public static string Tooltip(TrayState state)
    {
        string text = $"SecureAgent: {Keys(state.Agent)}";
        return state.Failures.Count == 0
            ? text
            : $"{text}; {Count(state.Failures.Count, "channel does", "channels do")} not serve";
    }

    /// <summary>The lines of the menu, from the top.</summary>
    public static IReadOnlyList<TrayItem> Menu(TrayState state)
    {
        List<TrayItem> items = [Line(Capital(Keys(state.Agent)))];
        items.AddRange(state.Endpoints.Select(Line));
        items.AddRange(state.Failures.Select(failure => Line($"Not served: {failure}")));
        if (state.Agent.LastRefusal is AgentEvent refusal)
        {
            items.Add(Line($"Last refusal: {refusal.Message}"));
        }

        items.Add(Separator);
        items.Add(state.Agent.IsLocked
            ? new TrayItem("&Unlock…", TrayCommand.Unlock)
            : new TrayItem("&Lock…", TrayCommand.Lock));
        items.Add(new TrayItem("&Remove all keys…", TrayCommand.RemoveAllKeys));
        items.Add(Separator);
        items.Add(new TrayItem("&Quit", TrayCommand.Quit));
        return items;
    }

    private static string Keys(AgentStatus agent) =>
        agent.IsLocked ? "locked" : agent.Identities == 0 ? "no keys" : Count(agent.Identities, "key", "keys");

    private static string Count(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static TrayItem Line(string text) => new(
        SafeText.Line(text, LineCharacters).Replace("&", "&&", StringComparison.Ordinal), TrayCommand.None);
}
