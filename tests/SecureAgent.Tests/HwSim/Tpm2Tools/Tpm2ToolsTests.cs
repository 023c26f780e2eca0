using SecureAgent.HwSim;
using SecureAgent.HwSim.Servers;
using SecureAgent.HwSim.Tpm;

namespace SecureAgent.Tests.HwSim.Tpm2Tools;

/// <summary>tpm2-tools drive the simulator over libtss2-tcti-mssim, and openssl checks what comes out. The same flows
/// run
/// against swtpm, which checks the flows.</summary>
public sealed class Tpm2ToolsTests
{
    private static readonly string Flows = Path.Combine(AppContext.BaseDirectory, "HwSim", "Tpm2Tools", "Flows");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Flows, "*.sh")
        .Select(path => Path.GetFileNameWithoutExtension(path)).Where(name => name != "prelude").Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Flow_works_with_the_simulator(string flow)
    {
        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = true });
        simulator.PowerOn();
        await RunOverMssimAsync(flow, simulator);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Flow_works_with_swtpm(string flow)
    {
        using Swtpm swtpm = new();
        await RunOverMssimAsync(flow, swtpm);
    }

    [Fact]
    public async Task Tools_reach_the_simulator_over_the_swtpm_protocol()
    {
        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = true });
        simulator.PowerOn();
        await using SwtpmServer server = SwtpmServer.Start(simulator);
        await RunAsync("sign-ecc", server.Tcti);
    }

    private static async Task RunOverMssimAsync(string flow, ISimulatedTpm tpm)
    {
        await using MssimServer server = MssimServer.Start(tpm);
        await RunAsync(flow, server.Tcti);
    }

    private static Task RunAsync(string flow, string tcti)
    {
        Requires.Tool("tpm2_getcap");
        Requires.Tool("openssl");
        return ToolFlow.RunAsync(Flows, flow, new Dictionary<string, string> { ["TPM2TOOLS_TCTI"] = tcti });
    }
}
