using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Two neighbouring ports on loopback: a scripted command port, and a platform port that accepts every
/// signal.</summary>
internal sealed class MssimPair : IDisposable
{
    private readonly TcpListener _command;
    private readonly TcpListener _platform;
    private readonly CancellationTokenSource _end = new();

    public MssimPair(Action<Socket, CancellationToken> script)
    {
        (_command, _platform) = Listen();

        // Threads of their own: the pool is busy with other tests, and deadlines are short here.
        new Thread(() => Guarded(() =>
        {
            using Socket client = _command.AcceptSocket();
            script(client, _end.Token);
        })) { IsBackground = true }.Start();
        new Thread(() => Guarded(ServePlatform)) { IsBackground = true }.Start();
    }

    /// <summary>The signals received on the platform port, in hexadecimal.</summary>
    public List<string> Signals { get; } = [];

    /// <summary>The TCTI string.</summary>
    public string Tcti => $"mssim:host=127.0.0.1,port={((IPEndPoint)_command.LocalEndpoint).Port}";

    public void Dispose()
    {
        _end.Cancel();
        _command.Dispose();
        _platform.Dispose();
        _end.Dispose();
    }

    private static (TcpListener Command, TcpListener Platform) Listen()
    {
        for (int attempt = 0; ; attempt++)
        {
            TcpListener command = new(IPAddress.Loopback, 0);
            command.Start();
            TcpListener platform = new(IPAddress.Loopback, ((IPEndPoint)command.LocalEndpoint).Port + 1);
            try
            {
                platform.Start();
                return (command, platform);
            }
            catch (SocketException) when (attempt < 100)
            {
                command.Dispose();
                platform.Dispose();
            }
        }
    }

    private static void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The program hung up, or the test is over.
        }
    }

    private void ServePlatform()
    {
        using Socket client = _platform.AcceptSocket();
        byte[] signal = new byte[4];
        while (client.Receive(signal) == 4 && signal[3] != 20)
        {
            Signals.Add(Convert.ToHexString(signal));
            client.Send(new byte[4]);
        }
    }
}
