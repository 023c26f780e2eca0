using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>What an agent does while nobody asks it anything.</summary>
internal static class IdleBench
{
    private const int Connections = 8;

    /// <summary>Prints the table: processor time and wake-ups of agents that have been used and have clients
    /// connected.</summary>
    public static async Task PrintAsync(Agent ours, Agent theirs, BenchOptions options)
    {
        string length = options.IdleLength.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        Table.Begin($"Idle for {length} s with {Connections} clients connected", "program", "processor ms", "wake-ups");
        Agent[] agents = [ours, theirs];
        AgentConnection[] connections =
            [.. agents.SelectMany(agent => Enumerable.Repeat(agent, Connections)).Select(Use)];

        // What the last requests set going comes to rest.
        await Task.Delay(TimeSpan.FromSeconds(1));
        (TimeSpan Time, long WakeUps)[] before = [.. agents.Select(agent => (agent.ProcessorTime, agent.WakeUps))];
        await Task.Delay(options.IdleLength);
        Row("secure-agent", ours, before[0]);
        Row("ssh-agent", theirs, before[1]);
        Array.ForEach(connections, connection => connection.Dispose());
    }

    private static AgentConnection Use(Agent agent)
    {
        AgentConnection connection = AgentConnection.Open(agent.Socket);
        connection.Send(AgentConnection.List);
        connection.Receive();
        return connection;
    }

    private static void Row(string name, Agent agent, (TimeSpan Time, long WakeUps) before) => Table.Row(
        name,
        (agent.ProcessorTime - before.Time).TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture),
        (agent.WakeUps - before.WakeUps).ToString(CultureInfo.InvariantCulture));
}
