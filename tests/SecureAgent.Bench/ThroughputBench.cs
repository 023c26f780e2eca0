using System.Buffers.Binary;
using System.Text;

namespace SecureAgent.Bench;

/// <summary>Requests per second and the slowest of 100, in rounds in which both agents take turns.</summary>
internal static class ThroughputBench
{
    private static readonly (int Connections, bool Reconnects)[] Points =
        [(1, false), (8, false), (64, false), (512, false), (1, true), (8, true), (64, true)];

    /// <summary>Prints the table of lists. Both agents hold the same keys.</summary>
    public static void PrintLists(Agent ours, Agent theirs, BenchOptions options)
    {
        Begin("Lists per second");
        Print("list", ours, theirs, AgentConnection.List, options);
    }

    /// <summary>Prints the table of signatures. Both agents hold <paramref name="keys"/>, of the workplace.</summary>
    public static void PrintSignatures(
        Workplace workplace, Agent ours, Agent theirs, IEnumerable<KeyKind> keys, BenchOptions options)
    {
        Begin("Signatures per second");
        foreach (KeyKind key in keys)
        {
            byte[] blob = workplace.PublicBlob(key);
            foreach (uint flags in options.Quick ? key.Flags[..1] : key.Flags)
            {
                byte[] request = AgentConnection.Sign(blob, Login(key, blob, flags), flags);
                Print($"{key.Name}, flags {flags}", ours, theirs, request, options);
            }
        }
    }

    /// <summary>What ssh has signed to log in (RFC 4252 section 7).</summary>
    private static byte[] Login(KeyKind key, byte[] blob, uint flags)
    {
        string algorithm = flags switch
        {
            2 => "rsa-sha2-256",
            4 => "rsa-sha2-512",
            _ when key.Type == "ecdsa" => $"ecdsa-sha2-nistp{key.Bits}",
            _ => "ssh-ed25519",
        };
        return
        [
            .. Text(new byte[32]), 50, .. Text("me"u8), .. Text("ssh-connection"u8), .. Text("publickey"u8), 1,
            .. Text(Encoding.ASCII.GetBytes(algorithm)), .. Text(blob),
        ];

        static byte[] Text(ReadOnlySpan<byte> bytes)
        {
            byte[] text = new byte[sizeof(uint) + bytes.Length];
            BinaryPrimitives.WriteInt32BigEndian(text, bytes.Length);
            bytes.CopyTo(text.AsSpan(sizeof(uint)));
            return text;
        }
    }

    private static void Begin(string title) => Table.Begin(
        $"{title}, and the time in µs that 99 of 100 did not exceed; median of the rounds (smallest–largest)",
        "request", "connections", "secure-agent", "ssh-agent", "ratio", "p99 secure-agent", "p99 ssh-agent");

    private static void Print(string title, Agent ours, Agent theirs, byte[] request, BenchOptions options)
    {
        foreach ((int connections, bool reconnects) in Points)
        {
            List<Load> ourLoads = [];
            List<Load> theirLoads = [];

            // The first round warms both up and is not counted.
            for (int round = 0; round <= options.Rounds; round++)
            {
                ourLoads.Add(Run(ours));
                theirLoads.Add(Run(theirs));
            }

            Table.Row(
                title,
                reconnects ? $"{connections}, new for each" : $"{connections}",
                Text(ourLoads, load => load.Rate),
                Text(theirLoads, load => load.Rate),
                new Spread(ourLoads.Zip(theirLoads, (our, their) => our.Rate / their.Rate).Skip(1)).Text("0.00"),
                Text(ourLoads, load => load.P99),
                Text(theirLoads, load => load.P99));

            Load Run(Agent agent) =>
                LoadGenerator.Run(agent.Socket, request, connections, reconnects, options.RoundLength);
        }
    }

    private static string Text(List<Load> loads, Func<Load, double> select) =>
        new Spread(loads.Skip(1).Select(select)).Text("N0");
}
