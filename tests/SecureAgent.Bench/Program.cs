using SecureAgent.Bench;

BenchOptions? options = BenchOptions.Parse(args);
if (options is null || !OperatingSystem.IsLinux())
{
    Console.Error.WriteLine(options is null ? BenchOptions.Usage : "The measurements are those of Linux.");
    return 64;
}

Console.WriteLine(await Machine.DescribeAsync());
bool hasSwtpm = await Machine.HasAsync("swtpm", "--version");
bool hasOpenSsh = await Machine.HasAsync("ssh-agent", "-h");
if (!hasOpenSsh)
{
    Console.Error.WriteLine("OpenSSH's ssh-agent is needed to compare with: apt-get install openssh-client");
    return 69;
}

if (options.Has("tpm"))
{
    SignatureBench.Begin();
    if (hasSwtpm)
    {
        using Workplace onSwtpm = new();
        await using Tpm swtpm = await Tpm.SwtpmAsync(onSwtpm);
        await SignatureBench.PrintAsync(onSwtpm, swtpm, options);
    }

    using Workplace onSimulator = new();
    await using Tpm simulator = await Tpm.SimulatorAsync(onSimulator);
    await SignatureBench.PrintAsync(onSimulator, simulator, options);
}

using Workplace workplace = new();
if (options.Has("start"))
{
    await StartUpBench.PrintAsync(workplace, options);
}

// Both agents list the same keys, which ssh-add gave them.
await using Agent ours = Agent.SecureAgent(workplace);
await using Agent theirs = Agent.OpenSsh(workplace);
foreach (KeyKind key in KeyKind.All)
{
    await workplace.AddKeyAsync(key, theirs, ours);
}

if (options.Has("list"))
{
    ThroughputBench.PrintLists(ours, theirs, options);
}

if (options.Has("sign"))
{
    ThroughputBench.PrintSignatures(workplace, ours, theirs, KeyKind.All, options);
}

if (options.Has("audit"))
{
    AuditBench.Print(options);
}

if (options.Has("relay"))
{
    await RelayBench.PrintAsync(workplace, ours, options);
}

Table.Begin("Resident size after that load", "program", "kB");
Table.Row("secure-agent", $"{ours.ResidentKilobytes:N0}");
Table.Row("ssh-agent", $"{theirs.ResidentKilobytes:N0}");
if (options.Has("idle"))
{
    await IdleBench.PrintAsync(ours, theirs, options);
}

if (options.Has("soak"))
{
    SoakBench.Print(ours, AgentConnection.Sign(workplace.PublicBlob(KeyKind.All[0]), new byte[200], flags: 0), options);
}

return 0;
