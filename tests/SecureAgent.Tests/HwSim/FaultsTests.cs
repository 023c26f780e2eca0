using SecureAgent.HwSim;
using SecureAgent.Tests.HwSim.Servers;

namespace SecureAgent.Tests.HwSim;

public sealed class FaultsTests
{
    private const uint TPM_CC_Sign = 0x15D;

    private static readonly byte[] Sign = Convert.FromHexString("80010000000A0000015D");
    private static readonly byte[] GetRandom = Convert.FromHexString("80010000000C0000017B0008");

    private readonly RecordingTpm _tpm = new();

    [Fact]
    public void Answer_replaces_the_scripted_command_and_no_other()
    {
        Faults faults = new(_tpm);
        faults.Next(TPM_CC_Sign, new TpmFault.Answer(0x922), times: 2);
        Assert.Equal(RecordingTpm.Response(GetRandom), faults.Execute(GetRandom));
        Assert.Equal("80010000000A00000922", Convert.ToHexString(faults.Execute(Sign)));
        Assert.Equal("80010000000A00000922", Convert.ToHexString(faults.Execute(Sign)));
        Assert.Equal(RecordingTpm.Response(Sign), faults.Execute(Sign));
        Assert.Equal(2, _tpm.Seen.Count);
    }

    [Fact]
    public void Faults_meet_commands_in_the_order_of_scripting()
    {
        Faults faults = new(_tpm);
        faults.Next(TPM_CC_Sign, new TpmFault.Answer(0x921));
        faults.NextOfAny(new TpmFault.Garbage(new byte[] { 1, 2, 3 }));
        Assert.Equal([1, 2, 3], faults.Execute(GetRandom));
        Assert.Equal("80010000000A00000921", Convert.ToHexString(faults.Execute(Sign)));
        Assert.Equal(0, faults.Pending);
        faults.NextOfAny(new TpmFault.DropBefore());
        faults.Clear();
        Assert.Equal(RecordingTpm.Response(Sign), faults.Execute(Sign));
    }

    [Fact]
    public void Dropped_device_has_executed_the_command_or_not()
    {
        Faults faults = new(_tpm);
        faults.NextOfAny(new TpmFault.DropBefore());
        Assert.Throws<DeviceDroppedException>(() => faults.Execute(Sign));
        Assert.Empty(_tpm.Seen);
        faults.NextOfAny(new TpmFault.DropAfter());
        Assert.Throws<DeviceDroppedException>(() => faults.Execute(Sign));
        Assert.Single(_tpm.Seen);
        faults.NextOfAny(new TpmFault.HalfResponse());
        DeviceDroppedException half =
            Assert.Throws<DeviceDroppedException>(() => faults.Execute(GetRandom));
        Assert.Equal(RecordingTpm.Response(GetRandom)[..11], half.Sent.ToArray());
        Assert.Equal(22, half.ResponseLength);
    }

    [Fact]
    public void Response_is_cut_or_has_one_bit_inverted()
    {
        Faults faults = new(_tpm);
        byte[] response = RecordingTpm.Response(GetRandom);
        faults.NextOfAny(new TpmFault.Truncate(7));
        Assert.Equal(response[..7], faults.Execute(GetRandom));
        faults.NextOfAny(new TpmFault.FlipBit(9));
        Assert.Equal([response[0], (byte)(response[1] ^ 2), .. response[2..]], faults.Execute(GetRandom));
        faults.NextOfAny(new TpmFault.FlipBit(-1));
        Assert.Equal([.. response[..^1], (byte)(response[^1] ^ 0x80)], faults.Execute(GetRandom));
    }

    [Fact]
    public async Task Held_command_waits_for_its_release()
    {
        Faults faults = new(_tpm);
        TaskCompletionSource release = new();
        faults.Next(TPM_CC_Sign, new TpmFault.Hold(release.Task));
        Task<byte[]> held = Task.Run(() => faults.Execute(Sign), TestContext.Current.CancellationToken);
        Assert.Equal(RecordingTpm.Response(GetRandom), faults.Execute(GetRandom));
        Assert.False(held.IsCompleted);
        release.SetResult();
        Assert.Equal(RecordingTpm.Response(Sign), await held);
    }

    [Fact]
    public void Delayed_command_is_executed()
    {
        Faults faults = new(_tpm);
        faults.NextOfAny(new TpmFault.Delay(TimeSpan.FromMilliseconds(1)));
        Assert.Equal(RecordingTpm.Response(Sign), faults.Execute(Sign));
    }

    [Fact]
    public void Power_reaches_the_TPM_behind()
    {
        Faults faults = new(_tpm);
        faults.PowerOn();
        faults.Reset();
        faults.PowerOff();
        Assert.Equal(["on", "reset", "off"], _tpm.Seen);
    }
}
