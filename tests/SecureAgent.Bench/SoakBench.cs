using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>Many requests and connections, and what they left behind in the agent.</summary>
internal static class SoakBench
{
    private const int Requests = 100_000;
    private const int Connections = 10_000;

    /// <summary>Prints the table: lists with one signature in a hundred, then connections of one list each.</summary>
    public static void Print(Agent agent, byte[] signRequest)
    {
        Table.Begin("Soak", "after", "resident kB", "file descriptors");
        Row(agent, "start");

        // The heap first grows to its working size.
        Work(agent, signRequest, Requests / 10);
        Row(agent, string.Create(CultureInfo.InvariantCulture, $"{Requests / 10} requests (warm)"));
        Work(agent, signRequest, Requests);
        Row(agent, string.Create(CultureInfo.InvariantCulture, $"{Requests} more requests"));
        for (int i = 0; i < Connections; i++)
        {
            using AgentConnection connection = AgentConnection.Open(agent.Socket);
            connection.Send(AgentConnection.List);
            connection.Receive();
        }

        Row(agent, string.Create(CultureInfo.InvariantCulture, $"{Connections} connections"));
    }

    private static void Work(Agent agent, byte[] signRequest, int requests)
    {
        using AgentConnection connection = AgentConnection.Open(agent.Socket);
        for (int i = 0; i < requests; i++)
        {
            connection.Send(i % 100 == 0 ? signRequest : AgentConnection.List);
            connection.Receive();
        }
    }

    private static void Row(Agent agent, string after) => Table.Row(
        after,
        agent.ResidentKilobytes.ToString("N0", CultureInfo.InvariantCulture),
        agent.Descriptors);
}
