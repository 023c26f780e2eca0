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

SignatureBench.Begin();
if (hasSwtpm)
{
    using Workplace onSwtpm = new();
    await using Tpm swtpm = await Tpm.SwtpmAsync(onSwtpm);
    await SignatureBench.PrintAsync(onSwtpm, swtpm, options);
}

using Workplace workplace = new();
await using Tpm simulator = await Tpm.SimulatorAsync(workplace);
await SignatureBench.PrintAsync(workplace, simulator, options);
await StartUpBench.PrintAsync(workplace, simulator.Tcti, options);

// Both agents list three keys of the same types.
await workplace.RunAsync(Workplace.SecureAgent, "key", "remove", "pinned", "--yes", "--tpm", simulator.Tcti);
await using Agent ours = Agent.SecureAgent(workplace, simulator.Tcti);
await using Agent theirs = Agent.OpenSsh(workplace);
foreach ((string type, string bits) in new[] { ("ecdsa", "256"), ("rsa", "2048"), ("ed25519", "256") })
{
    string file = Path.Combine(workplace.Root, type);
    await workplace.RunAsync("ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-f", file);
    await workplace.RunAsync("env", $"SSH_AUTH_SOCK={theirs.Socket}", "ssh-add", "-q", file);
}

ThroughputBench.Print(ours, theirs, options);
AuditBench.Print(options);
Table.Begin("Resident size after that load", "program", "kB");
Table.Row("secure-agent", $"{ours.ResidentKilobytes:N0}");
Table.Row("OpenSSH ssh-agent", $"{theirs.ResidentKilobytes:N0}");
if (options.Soak)
{
    SoakBench.Print(ours, SignatureBench.Request(workplace, "ecdsa"));
}

return 0;
