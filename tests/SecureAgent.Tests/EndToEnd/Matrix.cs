namespace SecureAgent.Tests.EndToEnd;

/// <summary>The rows that the theories share.</summary>
internal static class Matrix
{
    private static readonly AgentKind[] OnTpm = [AgentKind.Swtpm, AgentKind.Simulator];

    /// <summary>The program on both TPMs.</summary>
    public static TheoryData<AgentKind> Tpms => [.. OnTpm];

    /// <summary>The control and the program on both TPMs.</summary>
    public static TheoryData<AgentKind> Agents => [.. Enum.GetValues<AgentKind>()];

    /// <summary>The control and the program on both TPMs, with each kind of key.</summary>
    public static TheoryData<AgentKind, KeyKind> AgentsAndKeys
    {
        get
        {
            TheoryData<AgentKind, KeyKind> rows = [];
            foreach (AgentKind agent in Enum.GetValues<AgentKind>())
            {
                foreach (KeyKind key in Enum.GetValues<KeyKind>())
                {
                    rows.Add(agent, key);
                }
            }

            return rows;
        }
    }
}
