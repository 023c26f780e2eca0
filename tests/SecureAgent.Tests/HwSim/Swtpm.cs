using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using SecureAgent.HwSim;

namespace SecureAgent.Tests.HwSim;

/// <summary>A running swtpm, driven over its data socket: the authority that the simulator is compared with.</summary>
internal sealed class Swtpm : ISimulatedTpm, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("swtpm-").FullName;
    private readonly Lock _lock = new();
    private Process _process;
    private Socket _socket;

    /// <summary>Starts swtpm with TPM2_Startup(CLEAR) done, or skips the test when it is not installed.</summary>
    public Swtpm()
    {
        Requires.Tool("swtpm");
        (_process, _socket) = Start();
    }

    public byte[] Execute(ReadOnlySpan<byte> command, byte locality = 0)
    {
        lock (_lock)
        {
            _socket.Send(command);
            byte[] header = new byte[10];
            Fill(header);
            byte[] response = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(2))];
            header.CopyTo(response, 0);
            Fill(response.AsSpan(header.Length));
            return response;
        }
    }

    public void PowerOn()
    {
        // swtpm is running, so its power is on.
    }

    public void PowerOff() => Stop();

    /// <summary>Power off and on, with TPM2_Startup(CLEAR) done; the state on disk survives.</summary>
    public void Reset()
    {
        Stop();
        (_process, _socket) = Start();
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_directory, recursive: true);
    }

    private void Fill(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = _socket.Receive(buffer);
            Assert.True(count > 0, "swtpm closed the connection");
            buffer = buffer[count..];
        }
    }

    private (Process Process, Socket Socket) Start()
    {
        string path = Path.Combine(_directory, "data.sock");
        File.Delete(path);
        ProcessStartInfo start = new(Requires.Tool("swtpm"),
        [
            "socket", "--tpm2", "--tpmstate", $"dir={_directory}", "--server", $"type=unixio,path={path}",
            "--flags", "not-need-init,startup-clear", "--log", $"file={Path.Combine(_directory, "log")}",
        ]);
        Process process = Process.Start(start)!; // not shell-executed, so there is a process
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
        };
        long deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return (process, socket);
            }
            catch (SocketException) when (!process.HasExited && Environment.TickCount64 < deadline)
            {
                Thread.Sleep(5); // polls for a socket that nothing announces
            }
        }
    }

    private void Stop()
    {
        _socket.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
