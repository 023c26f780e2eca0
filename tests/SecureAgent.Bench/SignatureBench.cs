using System.Diagnostics;
using System.Globalization;

namespace SecureAgent.Bench;

/// <summary>What one signature costs: TPM commands, and milliseconds cold (the first after the agent's start) and
/// warm.</summary>
internal static class SignatureBench
{
    private const uint SSH_AGENT_RSA_SHA2_256 = 2;

    /// <summary>The keys, and how each is made; the last has a PIN, which the agent was told to keep.</summary>
    private static readonly (string Name, string Title, string Command)[] Keys =
    [
        ("ecdsa", "ECDSA-256", "key new ecdsa --in tpm --type ecdsa-256"),
        ("rsa", "RSA-2048", "key new rsa --in tpm --type rsa-2048"),
        ("sealed", "Ed25519, sealed", "key seal sealed"),
        ("pinned", "ECDSA-256, PIN kept", "key new pinned --in tpm --type ecdsa-256 --pin"),
    ];

    /// <summary>Prints the table's heads.</summary>
    public static void Begin() => Table.Begin(
        "One signature after another, ms; p50 of a run: median of the runs (smallest–largest)",
        "TPM", "key", "TPM commands cold", "TPM commands warm", "ms cold", "ms warm");

    /// <summary>Prints the rows of one TPM.</summary>
    public static async Task PrintAsync(Workplace workplace, Tpm tpm, BenchOptions options)
    {
        foreach ((string name, string title, string command) in Keys)
        {
            await workplace.RunAsync(Workplace.SecureAgent, [.. command.Split(' '), "--tpm", tpm.Tcti]);
            byte[] request = Request(workplace, name);
            (long cold, double warm) = await CountAsync(workplace, tpm, request);
            List<double> coldTimes = [];
            List<double> warmTimes = [];
            for (int round = 0; round < Math.Max(5, options.Rounds); round++)
            {
                await using Agent agent = Agent.SecureAgent(workplace, tpm.Tcti);
                using AgentConnection connection = AgentConnection.Open(agent.Socket);
                coldTimes.Add(Milliseconds(connection, request));
                warmTimes.Add(new Spread(Enumerable.Range(0, options.Signatures)
                    .Select(_ => Milliseconds(connection, request)).ToArray()).Median);
            }

            Table.Row(
                tpm.Name, title,
                cold.ToString(CultureInfo.InvariantCulture),
                warm.ToString("0.##", CultureInfo.InvariantCulture),
                new Spread(coldTimes).Text("0.0"),
                new Spread(warmTimes).Text("0.00"));
        }
    }

    // Counted in a run of its own, because the counter takes time.
    private static async Task<(long Cold, double Warm)> CountAsync(Workplace workplace, Tpm tpm, byte[] request)
    {
        const int Signatures = 20;
        string path = workplace.Socket($"counter-{Path.GetRandomFileName()}");
        await using CommandCounter counter = new(path, tpm.Tcti);
        await using Agent agent = Agent.SecureAgent(workplace, counter.Tcti);
        using AgentConnection connection = AgentConnection.Open(agent.Socket);
        long start = counter.Commands;
        Milliseconds(connection, request);
        long afterFirst = counter.Commands;
        for (int i = 0; i < Signatures; i++)
        {
            Milliseconds(connection, request);
        }

        return (afterFirst - start, (counter.Commands - afterFirst) / (double)Signatures);
    }

    /// <summary>The frame that asks for a signature with a key of the workplace.</summary>
    public static byte[] Request(Workplace workplace, string name)
    {
        string publicKey = File.ReadAllText(Path.Combine(workplace.KeyDirectory, name + ".pub"));
        byte[] blob = Convert.FromBase64String(publicKey.Split(' ')[1]);
        return AgentConnection.Sign(blob, new byte[200], publicKey.StartsWith("ssh-rsa") ? SSH_AGENT_RSA_SHA2_256 : 0);
    }

    private static double Milliseconds(AgentConnection connection, byte[] request)
    {
        long start = Stopwatch.GetTimestamp();
        connection.Send(request);
        connection.Receive();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
