using SecureAgent.HwSim;
using SecureAgent.HwSim.Servers;

namespace SecureAgent.Tests.HwSim.Servers;

public sealed class SwtpmServerTests
{
    private const string Command = "8001 0000000C 0000017B 0008";
    private const string Answer = "8001 00000016 00000000" + Command;

    [Fact]
    public async Task Bare_commands_are_answered_over_TCP()
    {
        await using SwtpmServer server = SwtpmServer.Start(new RecordingTpm());
        using RawClient client = new(server.Port);
        client.Send(Command + Command);
        client.Expect(Answer + Answer);
        Assert.Equal($"swtpm:host=127.0.0.1,port={server.Port}", server.Tcti);
    }

    [Fact]
    public async Task Bare_commands_are_answered_over_a_Unix_socket_of_its_owner()
    {
        string directory = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(directory, "tpm.sock");
            await using (SwtpmServer server = SwtpmServer.Start(new RecordingTpm(), path))
            {
                using RawClient client = new(path);
                client.Send(Command);
                client.Expect(Answer);
                Assert.Equal($"swtpm:path={path}", server.Tcti);
                Assert.Throws<IOException>(() => SwtpmServer.Start(new RecordingTpm(), path));
                if (!OperatingSystem.IsWindows())
                {
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
                }
            }

            Assert.False(File.Exists(path));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Length_below_the_header_is_the_TPMs_to_refuse()
    {
        RecordingTpm tpm = new() { Answer = _ => Convert.FromHexString("80010000000A00000142") };
        await using SwtpmServer server = SwtpmServer.Start(tpm);
        using RawClient client = new(server.Port);
        client.Send("8001 00000005 0000017B");
        client.Expect("8001 0000000A 00000142");
        Assert.Equal(["0:8001000000050000017B"], tpm.Seen);
    }

    [Fact]
    public async Task Too_long_a_command_closes_one_connection()
    {
        await using SwtpmServer server = SwtpmServer.Start(new RecordingTpm());
        using RawClient other = new(server.Port);
        using RawClient bad = new(server.Port);
        bad.Send("8001 00001001 0000017B");
        bad.ExpectClosed();
        other.Send(Command);
        other.Expect(Answer);
    }

    // The answers' lengths are those that swtpm 0.7.1 gave to the same requests.
    [Fact]
    public async Task Control_channel_answers_as_swtpm_does()
    {
        RecordingTpm tpm = new();
        await using SwtpmServer server = SwtpmServer.Start(tpm);
        using RawClient control = new(server.Port + 1);
        control.Send("00000001");
        control.Expect("00000000 00002CEF");
        control.Send("00000002 00000000");
        control.Expect("00000000");
        control.Send("00000004");
        control.Expect("00000000 00000000");
        control.Send("00000005 03");
        control.Expect("00000000");
        using RawClient data = new(server.Port);
        data.Send(Command);
        data.Expect(Answer);
        control.Send("00000005 05");
        control.Expect("0000003D");
        control.Send("0000000A");
        control.Expect("00000000");
        control.Send("0000000F");
        control.Expect("00000000 00000000");
        control.Send("00000011 00000000");
        control.Expect("00000000 00001000 00001000 00001000");
        control.Send("0000000E");
        control.Expect("00000000");
        control.Send("00000006");
        control.Expect("00000009");
        control.ExpectClosed();
        Assert.Equal(["reset", "3:80010000000C0000017B0008", "off"], tpm.Seen);
    }

    [Fact]
    public async Task Shutdown_ends_the_server()
    {
        RecordingTpm tpm = new();
        await using SwtpmServer server = SwtpmServer.Start(tpm);
        using RawClient control = new(server.Port + 1);
        control.Send("00000003");
        control.Expect("00000000");
        await server.Stopped.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(["off"], tpm.Seen);
    }

    [Fact]
    public async Task Faults_cut_the_stream()
    {
        Faults faults = new(new RecordingTpm());
        faults.Next(0x17B, new TpmFault.HalfResponse());
        await using SwtpmServer server = SwtpmServer.Start(faults);
        using RawClient client = new(server.Port);
        client.Send(Command);
        client.Expect("8001 00000016 00000000 80");
        client.ExpectClosed();
    }
}
