using System.Buffers.Binary;
using SecureAgent.HwSim;
using SecureAgent.HwSim.Tpm;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>The simulator has fewer commands and algorithms than swtpm; what it lists, it describes as swtpm
/// does.</summary>
public sealed class CapabilityTests
{
    [Theory]
    [InlineData(0u, 6)] // TPM_CAP_ALGS: TPMS_ALG_PROPERTY
    [InlineData(2u, 4)] // TPM_CAP_COMMANDS: TPMA_CC
    [InlineData(8u, 2)] // TPM_CAP_ECC_CURVES: TPM_ECC_CURVE
    public void What_is_listed_is_described_as_swtpm_does(uint capability, int size)
    {
        using Swtpm authority = new();
        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = true });
        simulator.PowerOn();
        List<string> expected = List(authority, capability, size);
        List<string> actual = List(simulator, capability, size);
        Assert.NotEmpty(actual);
        Assert.Empty(actual.Except(expected));
        Assert.Equal(expected.Where(actual.Contains), actual);
    }

    private static List<string> List(ISimulatedTpm tpm, uint capability, int size)
    {
        byte[] response = tpm.Execute(new TpmCommand(0x17A).U32(capability).U32(0).U32(1000).ToArray());
        int count = BinaryPrimitives.ReadInt32BigEndian(response.AsSpan(15));
        Assert.Equal(19 + count * size, response.Length);
        Assert.Equal(0, response[10]); // no more to come
        return [.. Enumerable.Range(0, count).Select(i => Convert.ToHexString(response, 19 + i * size, size))];
    }
}
