namespace SecureAgent.Bench;

/// <summary>Milliseconds from the start of the process to its first answer, and its resident size then.</summary>
internal static class StartUpBench
{
    /// <summary>Prints the table; the agents take turns.</summary>
    public static async Task PrintAsync(Workplace workplace, BenchOptions options)
    {
        List<(double Milliseconds, double Kilobytes)> ours = [];
        List<(double Milliseconds, double Kilobytes)> theirs = [];

        // The first round brings the files into memory and is not counted.
        for (int round = 0; round <= options.Rounds * 2; round++)
        {
            await using (Agent agent = Agent.SecureAgent(workplace))
            {
                ours.Add((agent.StartUp.TotalMilliseconds, agent.ResidentKilobytes));
            }

            await using (Agent agent = Agent.OpenSsh(workplace))
            {
                theirs.Add((agent.StartUp.TotalMilliseconds, agent.ResidentKilobytes));
            }
        }

        Table.Begin("Start-up to the first answer", "program", "ms", "resident kB");
        Row("secure-agent", ours);
        Row("OpenSSH ssh-agent", theirs);
    }

    private static void Row(string name, List<(double Milliseconds, double Kilobytes)> runs) => Table.Row(
        name,
        new Spread(runs.Skip(1).Select(run => run.Milliseconds)).Text("0.0"),
        new Spread(runs.Skip(1).Select(run => run.Kilobytes)).Text("N0"));
}
