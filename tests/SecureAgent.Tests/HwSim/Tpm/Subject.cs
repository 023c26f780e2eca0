using SecureAgent.HwSim;
using SecureAgent.HwSim.Tpm;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>The TPM that a test runs against: the simulator, or swtpm, which says whether the test itself is right.</summary>
internal sealed class Subject : IDisposable
{
    private readonly Swtpm? _swtpm;

    public Subject(string kind)
    {
        if (kind == "swtpm")
        {
            _swtpm = new Swtpm();
            Tpm = _swtpm;
            return;
        }

        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = true });
        simulator.PowerOn();
        Tpm = simulator;
    }

    /// <summary>Both kinds, for a theory.</summary>
    public static TheoryData<string> Kinds => ["simulator", "swtpm"];

    public ISimulatedTpm Tpm { get; }

    public void Dispose() => _swtpm?.Dispose();
}
