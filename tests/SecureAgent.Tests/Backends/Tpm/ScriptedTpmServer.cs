using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A TCP server on loopback that plays a misbehaving TPM to every client.</summary>
internal sealed class ScriptedTpmServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly List<Socket> _clients = [];

    /// <summary>Starts to listen; <paramref name="script"/> talks to each client on a thread of its own.</summary>
    public ScriptedTpmServer(Action<Socket, CancellationToken> script)
    {
        _listener.Start();
        new Thread(() => Serve(script)) { IsBackground = true }.Start();
    }

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The TCTI string.</summary>
    public string Tcti => $"swtpm:host=127.0.0.1,port={Port}";

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        lock (_clients)
        {
            _clients.ForEach(client => client.Dispose());
        }
        _end.Dispose();
    }

    private void Talk(Action<Socket, CancellationToken> script, Socket client)
    {
        try
        {
            script(client, _end.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The program hung up.
        }
    }

    private void Serve(Action<Socket, CancellationToken> script)
    {
        try
        {
            while (true)
            {
                Socket client = _listener.AcceptSocket();
                lock (_clients)
                {
                    _clients.Add(client);
                }

                new Thread(() => Talk(script, client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
