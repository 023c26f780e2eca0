using System.Diagnostics;

namespace SecureAgent.Bench;

/// <summary>Connections per second and the time of one request: one process for all connections, as relay --listen has
/// it, against one for each, as socat's EXEC has it. What is started is the program itself, or what
/// SECURE_AGENT_RELAY_COMMAND says, such as <c>wine secure-agent.exe</c>; it reaches the agent by the name in
/// SECURE_AGENT_RELAY_TO, if it knows it by another.</summary>
internal static class RelayBench
{
    private const int Parallel = 8;

    /// <summary>Prints the table; the ways take turns.</summary>
    public static async Task PrintAsync(Workplace workplace, Agent agent, BenchOptions options)
    {
        string[] words = Variable("SECURE_AGENT_RELAY_COMMAND")?.Split(' ') ?? [Workplace.SecureAgent];
        string to = Variable("SECURE_AGENT_RELAY_TO") ?? agent.Socket;
        string socket = workplace.Socket("relay.sock");
        using Process relay = workplace.StartQuiet(
            Workplace.SecureAgent, ["relay", "--listen", socket, "--", .. words, "relay", "--multiplex", "--to", to]);
        Way[] ways =
        [
            new("no relay", () => Ask(agent.Socket)) { Held = agent.Socket },
            new("one process for all", () => Ask(socket)) { Held = socket },
            new("a process for each", () => AskProcess(workplace, [.. words, "relay", "--to", to])),
        ];
        try
        {
            using (AgentConnection first = AgentConnection.Await(socket, relay))
            {
                first.Send(AgentConnection.List);
                first.Receive();
            }

            for (int round = 0; round <= options.Rounds; round++)
            {
                foreach (Way way in ways)
                {
                    way.Measure(options.RoundLength, isCounted: round > 0);
                }
            }
        }
        finally
        {
            await Workplace.StopAsync(relay);
        }

        Table.Begin($"Relay by {string.Join(' ', words.Select(Path.GetFileName))}",
            "way", "connections/s, 1 at a time", $"{Parallel} at once", "request p50, µs", "p99, µs");
        foreach (Way way in ways)
        {
            way.Print();
        }

        Console.WriteLine(
            $"\nOne process for all: {ways[1].One.Median / ways[2].One.Median:0.0} times the connections one at a time, "
            + $"{ways[1].Many.Median / ways[2].Many.Median:0.0} times {Parallel} at once.");
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static void Ask(string socket)
    {
        using AgentConnection connection = AgentConnection.Open(socket);
        connection.Send(AgentConnection.List);
        connection.Receive();
    }

    private static void AskProcess(Workplace workplace, string[] command)
    {
        using Process process = workplace.StartPiped(command[0], command[1..]);
        process.StandardInput.BaseStream.Write(AgentConnection.List);
        process.StandardInput.Close();
        using MemoryStream answer = new();
        process.StandardOutput.BaseStream.CopyTo(answer);
        process.WaitForExit();
        if (answer.Length <= AgentConnection.List.Length)
        {
            throw new IOException($"{string.Join(' ', command)} ended with {process.ExitCode} and no answer.");
        }
    }

    /// <summary>One way to the agent.</summary>
    /// <param name="name">Its name in the table.</param>
    /// <param name="connect">Connects, lists, and leaves.</param>
    private sealed class Way(string name, Action connect)
    {
        private readonly List<double> _one = [];
        private readonly List<double> _many = [];
        private readonly LatencyHistogram _requests = new();

        /// <summary>Where one connection is held for the time of a request; <see langword="null"/> for a way on which a
        /// request takes as long as a connection.</summary>
        public string? Held { get; init; }

        public Spread One => new(_one);

        public Spread Many => new(_many);

        public void Measure(TimeSpan length, bool isCounted)
        {
            double one = PerSecond(1, length);
            double many = PerSecond(Parallel, length);
            if (isCounted)
            {
                _one.Add(one);
                _many.Add(many);
                MeasureRequests(length);
            }
        }

        public void Print() => Table.Row(
            name, One.Text("0"), Many.Text("0"), $"{_requests.Quantile(0.5):N0}", $"{_requests.Quantile(0.99):N0}");

        private double PerSecond(int parallel, TimeSpan length)
        {
            long done = 0;
            Stopwatch watch = Stopwatch.StartNew();
            Thread[] threads =
            [
                .. Enumerable.Range(0, parallel).Select(_ => new Thread(() =>
                {
                    do
                    {
                        connect();
                        Interlocked.Increment(ref done);
                    }
                    while (watch.Elapsed < length);
                })),
            ];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            return done / watch.Elapsed.TotalSeconds;
        }

        private void MeasureRequests(TimeSpan length)
        {
            using AgentConnection? connection = Held is null ? null : AgentConnection.Open(Held);
            Stopwatch watch = Stopwatch.StartNew();
            do
            {
                long start = Stopwatch.GetTimestamp();
                if (connection is null)
                {
                    connect();
                }
                else
                {
                    connection.Send(AgentConnection.List);
                    connection.Receive();
                }

                _requests.Add(Stopwatch.GetTimestamp() - start);
            }
            while (watch.Elapsed < length);
        }
    }
}
