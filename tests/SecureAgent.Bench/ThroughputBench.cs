using System.Diagnostics;
using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>Lists per second at several numbers of connections, in rounds in which both agents take turns.</summary>
internal static class ThroughputBench
{
    private static readonly int[] ConnectionCounts = [1, 8, 64, 512];

    /// <summary>Prints the table. Both agents hold three keys.</summary>
    public static void Print(Agent ours, Agent theirs, BenchOptions options)
    {
        Table.Begin("Lists per second", "connections", "secure-agent", "OpenSSH ssh-agent", "ratio");
        foreach (int count in ConnectionCounts)
        {
            List<double> ourRates = [];
            List<double> theirRates = [];
            List<double> ratios = [];

            // The first round warms both up and is not counted.
            for (int round = 0; round <= options.Rounds; round++)
            {
                double ourRate = Rate(ours.Socket, count, options.RoundLength);
                double theirRate = Rate(theirs.Socket, count, options.RoundLength);
                if (round > 0)
                {
                    ourRates.Add(ourRate);
                    theirRates.Add(theirRate);
                    ratios.Add(ourRate / theirRate);
                }
            }

            Table.Row(
                count.ToString(CultureInfo.InvariantCulture),
                new Spread(ourRates).Text("N0"),
                new Spread(theirRates).Text("N0"),
                new Spread(ratios).Text("0.00"));
        }
    }

    // Every connection always has one request under way: the answer of one is taken and its next request sent, in turn.
    private static double Rate(string socket, int count, TimeSpan length)
    {
        AgentConnection[] connections = [.. Enumerable.Range(0, count).Select(_ => AgentConnection.Open(socket))];
        try
        {
            foreach (AgentConnection connection in connections)
            {
                connection.Send(AgentConnection.List);
            }

            long answers = 0;
            Stopwatch watch = Stopwatch.StartNew();
            while (watch.Elapsed < length)
            {
                foreach (AgentConnection connection in connections)
                {
                    connection.Receive();
                    connection.Send(AgentConnection.List);
                    answers++;
                }
            }

            double rate = answers / watch.Elapsed.TotalSeconds;
            foreach (AgentConnection connection in connections)
            {
                connection.Receive();
            }

            return rate;
        }
        finally
        {
            foreach (AgentConnection connection in connections)
            {
                connection.Dispose();
            }
        }
    }
}
