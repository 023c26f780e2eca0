using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>Many requests and connections, and what they left behind in the agent.</summary>
internal static class SoakBench
{
    private const int Connections = 8;

    /// <summary>Prints the table: lists on a few connections, then connections of one list each, with some of whatever
    /// <paramref name="signRequest"/> asks between.</summary>
    public static void Print(Agent agent, byte[] signRequest, BenchOptions options)
    {
        int requests = options.Quick ? 100_000 : 1_000_000;
        int reconnects = options.Quick ? 1_000 : 10_000;
        Table.Begin("Soak", "after", "resident kB", "file descriptors");
        Row(agent, "start");

        // The heap first grows to its working size.
        Work(agent, signRequest, requests / 10);
        Row(agent, string.Create(CultureInfo.InvariantCulture, $"{requests / 10} requests (warm)"));
        Work(agent, signRequest, requests);
        Row(agent, string.Create(CultureInfo.InvariantCulture, $"{requests} more requests"));
        LoadGenerator.Run(agent.Socket, AgentConnection.List, Connections, reconnects: true, reconnects);
        Row(agent, string.Create(CultureInfo.InvariantCulture, $"{reconnects} connections"));
    }

    private static void Work(Agent agent, byte[] signRequest, int requests)
    {
        LoadGenerator.Run(agent.Socket, AgentConnection.List, Connections, reconnects: false, requests * 99L / 100);
        LoadGenerator.Run(agent.Socket, signRequest, Connections, reconnects: false, requests / 100);
    }

    private static void Row(Agent agent, string after) => Table.Row(
        after,
        agent.ResidentKilobytes.ToString("N0", CultureInfo.InvariantCulture),
        agent.Descriptors);
}
