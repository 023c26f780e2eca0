using System.Net.Sockets;
using SecureAgent.HwSim;
using SecureAgent.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.Servers;

public sealed class MssimServerTests
{
    private const string Command = "8001 0000000C 0000017B 0008";
    private const string Sent = "00000008 00 0000000C" + Command;
    private const string Answer = "00000016 8001 00000016 00000000" + Command + "00000000";

    [Fact]
    public async Task Command_is_executed_and_answered_with_length_and_acknowledgement()
    {
        RecordingTpm tpm = new();
        await using MssimServer server = MssimServer.Start(tpm);
        using RawClient client = new(server.Port);
        client.Send("00000008 03 0000000C" + Command);
        client.Expect(Answer);
        client.Send(Sent);
        client.Expect(Answer);
        Assert.Equal(["3:80010000000C0000017B0008", "0:80010000000C0000017B0008"], tpm.Seen);
        Assert.Equal($"mssim:host=127.0.0.1,port={server.Port}", server.Tcti);
    }

    [Fact]
    public async Task Frame_in_single_bytes_and_pipelined_frames_are_answered_in_order()
    {
        await using MssimServer server = MssimServer.Start(new RecordingTpm());
        using RawClient client = new(server.Port);
        foreach (char[] octet in Sent.Replace(" ", "").Chunk(2))
        {
            client.Send(new string(octet));
        }

        client.Expect(Answer);
        client.Send(Sent + Sent.Replace("0008", "0009", StringComparison.Ordinal).Replace("00000009", "00000008"));
        client.Expect(Answer + Answer.Replace("017B 0008", "017B 0009"));
    }

    [Fact]
    public async Task Platform_signals_reach_the_TPM()
    {
        RecordingTpm tpm = new();
        await using MssimServer server = MssimServer.Start(tpm);
        using RawClient client = new(server.Port + 1);
        foreach (string signal in new[] { "00000001", "0000000B", "00000009", "0000000A", "00000011", "00000002" })
        {
            client.Send(signal);
            client.Expect("00000000");
        }

        client.Send("00000014");
        client.ExpectClosed();
        Assert.Equal(["on", "reset", "off"], tpm.Seen);
    }

    [Fact]
    public async Task Handshake_tells_version_and_platform()
    {
        await using MssimServer server = MssimServer.Start(new RecordingTpm());
        using RawClient client = new(server.Port);
        client.Send("0000000F 00000001");
        client.Expect("00000001 00000005 00000000");
        client.Send(Sent);
        client.Expect(Answer);
    }

    [Theory]
    [InlineData("00000008 00 00001001")] // longer than a TPM command can be
    [InlineData("00000008 00 FFFFFFFF")]
    [InlineData("00000005")] // TPM_SIGNAL_HASH_START is not simulated
    [InlineData("DEADBEEF")]
    [InlineData("0000000F 00000000")]
    public async Task Bad_client_is_closed_and_others_go_on(string bytes)
    {
        await using MssimServer server = MssimServer.Start(new RecordingTpm());
        using RawClient before = new(server.Port);
        using RawClient halfOpen = new(server.Port);
        halfOpen.Send("00000008 00 0000");
        using RawClient bad = new(server.Port);
        bad.Send(bytes);
        bad.ExpectClosed();
        before.Send(Sent);
        before.Expect(Answer);
        using RawClient after = new(server.Port);
        after.Send(Sent);
        after.Expect(Answer);
    }

    [Fact]
    public async Task Client_that_leaves_inside_a_frame_is_forgotten()
    {
        RecordingTpm tpm = new();
        await using MssimServer server = MssimServer.Start(tpm);
        using (RawClient client = new(server.Port))
        {
            client.Send("00000008 00 0000000C 8001");
        }

        using RawClient other = new(server.Port);
        other.Send(Sent);
        other.Expect(Answer);
        Assert.Single(tpm.Seen);
    }

    [Fact]
    public async Task Fault_of_the_simulator_ends_one_connection_and_is_reported()
    {
        RecordingTpm tpm = new() { Answer = _ => throw new InvalidOperationException("a defect") };
        MssimServer server = MssimServer.Start(tpm);
        using RawClient client = new(server.Port);
        client.Send(Sent);
        client.ExpectClosed();
        tpm.Answer = null;
        using RawClient other = new(server.Port);
        other.Send(Sent);
        other.Expect(Answer);
        AggregateException e = await Assert.ThrowsAsync<AggregateException>(async () => await server.DisposeAsync());
        Assert.Equal("a defect", Assert.Single(e.InnerExceptions).Message);
    }

    [Fact]
    public async Task Dropped_connection_gives_the_first_half_of_the_response()
    {
        Faults faults = new(new RecordingTpm());
        faults.Next(0x17B, new TpmFault.HalfResponse());
        faults.Next(0x17B, new TpmFault.DropBefore());
        await using MssimServer server = MssimServer.Start(faults);
        using RawClient half = new(server.Port);
        half.Send(Sent);
        half.Expect("00000016 8001 00000016 00000000 80");
        half.ExpectClosed();
        using RawClient none = new(server.Port);
        none.Send(Sent);
        none.ExpectClosed();
        using RawClient well = new(server.Port);
        well.Send(Sent);
        well.Expect(Answer);
        Assert.Equal(0, faults.Pending);
    }

    [Fact]
    public async Task Command_that_is_held_does_not_hold_other_clients()
    {
        TaskCompletionSource release = new();
        Faults faults = new(new RecordingTpm());
        faults.Next(0x17B, new TpmFault.Hold(release.Task));
        await using MssimServer server = MssimServer.Start(faults);
        using RawClient held = new(server.Port);
        held.Send(Sent);
        while (faults.Pending > 0)
        {
            await Task.Yield();
        }

        using RawClient other = new(server.Port);
        other.Send(Sent);
        other.Expect(Answer);
        release.SetResult();
        held.Expect(Answer);
    }

    [Fact]
    public async Task Ports_are_on_loopback_adjacent_and_exclusive()
    {
        await using MssimServer server = MssimServer.Start(new RecordingTpm());
        Assert.Throws<SocketException>(() => MssimServer.Start(new RecordingTpm(), server.Port));
        Assert.Throws<SocketException>(() => MssimServer.Start(new RecordingTpm(), server.Port + 1));
        Assert.ThrowsAny<ArgumentException>(() => MssimServer.Start(new RecordingTpm(), 65535));
        using RawClient platform = new(server.Port + 1);
        platform.Send("00000001");
        platform.Expect("00000000");
    }

    [Fact]
    public async Task Disposal_and_TPM_STOP_end_the_server()
    {
        MssimServer first = MssimServer.Start(new RecordingTpm());
        using RawClient idle = new(first.Port);
        await first.DisposeAsync();
        Assert.True(first.Stopped.IsCompletedSuccessfully);
        idle.ExpectClosed();

        await using MssimServer second = MssimServer.Start(new RecordingTpm());
        using RawClient stopping = new(second.Port);
        stopping.Send("00000015");
        await second.Stopped.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
