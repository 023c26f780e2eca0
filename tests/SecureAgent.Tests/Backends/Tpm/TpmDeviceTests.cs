using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmDeviceTests
{
    private static readonly byte[] Command = Convert.FromHexString("80010000000C0000017B0008"); // TPM2_GetRandom(8)
    private static readonly byte[] Answer = Convert.FromHexString("800100000014000000000008" + "0102030405060708");

    [Fact]
    public void Answer_in_single_bytes_is_put_together()
    {
        using ScriptedTpmServer server = new((client, _) =>
        {
            client.Receive(new byte[100]);
            client.NoDelay = true;
            foreach (byte item in Answer)
            {
                client.Send([item]);
            }

            client.Receive(new byte[100]);
        });
        using ITpmDevice device = TpmTcti.Parse(server.Tcti).Open();
        byte[] response = new byte[4096];
        Assert.Equal(Answer.Length, device.Transmit(Command, response));
        Assert.Equal(Answer, response[..Answer.Length]);
    }

    [Fact]
    public void Character_device_is_read_and_written_and_answers_in_pieces_are_put_together()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has TPM character devices.");
        using TestTpm tpm = TestTpm.Start("simulator");
        using ITpmDevice simulator = tpm.Open();
        using PseudoTerminal terminal = new(simulator);
        using TpmConnection connection = new(TestTpm.Options(TpmTcti.Parse("device:" + terminal.Path).Open));
        TestKeys.AssertWorks(connection);
    }

    [Theory]
    [InlineData("")] // nothing at all
    [InlineData("80010000001400000000000801")] // half an answer, and silence
    public void TPM_that_is_stuck_is_given_up_within_the_limit(string sent)
    {
        using ScriptedTpmServer server = new((client, end) =>
        {
            client.Receive(new byte[100]);
            client.Send(Convert.FromHexString(sent));
            end.WaitHandle.WaitOne();
        });
        using ITpmDevice device = TpmTcti.Parse(server.Tcti).Open(TimeSpan.FromMilliseconds(300));
        Stopwatch watch = Stopwatch.StartNew();
        TpmDeviceLostException error = Assert.Throws<TpmDeviceLostException>(
            () => device.Transmit(Command, new byte[4096]));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
        Assert.True(error.CommandWasSent);
        Assert.Contains("did not answer in time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TPM_that_trickles_does_not_hold_the_worker_longer()
    {
        using ScriptedTpmServer server = new((client, end) =>
        {
            client.Receive(new byte[100]);
            client.NoDelay = true;
            foreach (byte item in Answer)
            {
                client.Send([item]);
                end.WaitHandle.WaitOne(100);
            }
        });
        using ITpmDevice device = TpmTcti.Parse(server.Tcti).Open(TimeSpan.FromMilliseconds(500));
        Assert.Throws<TpmDeviceLostException>(() => device.Transmit(Command, new byte[4096]));
    }

    [Theory]
    [InlineData("80010000000900000000")] // smaller than a header
    [InlineData("8001FFFFFFFF00000000")] // larger than any response
    [InlineData("80010000100100000000")] // larger than the buffer by one
    public void Answer_with_an_impossible_size_is_out_of_frame(string sent)
    {
        using ScriptedTpmServer server = new((client, _) =>
        {
            client.Receive(new byte[100]);
            client.Send(Convert.FromHexString(sent));
            client.Receive(new byte[100]);
        });
        using ITpmDevice device = TpmTcti.Parse(server.Tcti).Open();
        TpmDeviceLostException error = Assert.Throws<TpmDeviceLostException>(
            () => device.Transmit(Command, new byte[4096]));
        Assert.Contains("not a TPM's answer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Connection_that_was_closed_before_is_noticed_before_anything_is_sent()
    {
        using SwtpmProcess swtpm = SwtpmProcess.Start();
        using ITpmDevice device = swtpm.Open();
        Assert.True(device.Transmit(Command, new byte[4096]) > 10);
        swtpm.Kill();
        TpmDeviceLostException error = Assert.Throws<TpmDeviceLostException>(
            () => device.Transmit(Command, new byte[4096]));
        Assert.False(error.CommandWasSent);
    }

    [Fact]
    public void TCP_connection_that_was_closed_before_is_noticed_before_anything_is_sent()
    {
        using ManualResetEventSlim closed = new();
        using ScriptedTpmServer server = new((client, _) =>
        {
            client.Receive(new byte[100]);
            client.Send(Answer);
            client.Shutdown(SocketShutdown.Send);
            closed.Set();
            client.Receive(new byte[100]);
        });
        using ITpmDevice device = TpmTcti.Parse(server.Tcti).Open();
        Assert.Equal(Answer.Length, device.Transmit(Command, new byte[4096]));
        Assert.True(closed.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        TpmDeviceLostException error = Assert.Throws<TpmDeviceLostException>(
            () => device.Transmit(Command, new byte[4096]));
        Assert.False(error.CommandWasSent);
    }

    [Fact]
    public void Connection_that_closes_in_the_middle_may_have_run_the_command()
    {
        using ScriptedTpmServer server = new((client, _) =>
        {
            client.Receive(new byte[100]);
            client.Send(Answer.AsSpan(0, 12));
            client.Shutdown(SocketShutdown.Both);
        });
        using ITpmDevice device = TpmTcti.Parse(server.Tcti).Open();
        TpmDeviceLostException error = Assert.Throws<TpmDeviceLostException>(
            () => device.Transmit(Command, new byte[4096]));
        Assert.True(error.CommandWasSent);
    }

    [Fact]
    public void Second_program_on_a_swtpm_that_serves_one_is_told_so()
    {
        using SwtpmProcess swtpm = SwtpmProcess.Start();
        using ITpmDevice first = swtpm.Open();
        first.Transmit(Command, new byte[4096]);
        TpmTcti tcti = TpmTcti.Parse(swtpm.Tcti);
        using ITpmDevice second = tcti.Open(TimeSpan.FromMilliseconds(300));
        TpmDeviceLostException error = Assert.Throws<TpmDeviceLostException>(
            () => second.Transmit(Command, new byte[4096]));
        Assert.Contains("another program may hold it", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000014")] // the size and nothing after it
    [InlineData("FFFFFFFF")]
    [InlineData("00000014" + "8001000000140000000000080102030405060708" + "00000001")] // a trailer that is not zero
    public void Simulator_that_answers_out_of_frame_is_given_up(string sent)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Two neighbouring ports cannot be reserved there without a race.");
        using MssimPair pair = new((client, end) =>
        {
            client.Receive(new byte[100]);
            client.Send(Convert.FromHexString(sent));
            end.WaitHandle.WaitOne();
        });
        using ITpmDevice device = TpmTcti.Parse(pair.Tcti).Open(TimeSpan.FromSeconds(2));
        BackendException error = Assert.ThrowsAny<BackendException>(() => device.Transmit(Command, new byte[4096]));
        Assert.Equal(BackendFailure.DeviceAbsent, error.Failure);
    }

    [Fact]
    public void Simulator_is_switched_on_and_spoken_to_in_its_protocol()
    {
        List<string> seen = [];
        using MssimPair pair = new((client, end) =>
        {
            byte[] received = new byte[9 + 12];
            for (int at = 0; at < received.Length;)
            {
                at += client.Receive(received.AsSpan(at));
            }

            lock (seen)
            {
                seen.Add(Convert.ToHexString(received));
            }

            byte[] size = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(size, Answer.Length);
            client.Send([.. size, .. Answer, 0, 0, 0, 0]);
            end.WaitHandle.WaitOne();
        });
        using ITpmDevice device = TpmTcti.Parse(pair.Tcti).Open();
        byte[] response = new byte[4096];
        Assert.Equal(Answer.Length, device.Transmit(Command, response));
        Assert.Equal("0000000800" + "0000000C" + Convert.ToHexString(Command), Assert.Single(seen));
        Assert.Equal(["00000001", "0000000B"], pair.Signals);
    }
}
