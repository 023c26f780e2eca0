using System.Buffers.Binary;
using System.Net.Sockets;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>An agent with no keys and no manners, on a Unix socket: it answers lists, leaves them unanswered or hangs up
/// over them, as the test says.</summary>
internal sealed class StandInAgent : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;

    public StandInAgent(Home home)
    {
        SocketPath = home.File($"run/{Path.GetRandomFileName()}");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _serving = ServeAsync();
    }

    /// <summary>Where it listens.</summary>
    public string SocketPath { get; }

    /// <summary>Called for each list that is asked for; returns whether to answer it.</summary>
    public Func<Socket, bool> OnList { get; set; } = _ => true;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _serving;
        _stopping.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> clients = [];
        try
        {
            while (true)
            {
                clients.Add(ServeAsync(await _listener.AcceptAsync(_stopping.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(clients);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        await using NetworkStream stream = new(client, ownsSocket: true);
        byte[] length = new byte[4];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(length, _stopping.Token);
                byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
                await stream.ReadExactlyAsync(body, _stopping.Token);
                bool isList = body[0] == AgentSocket.SSH_AGENTC_REQUEST_IDENTITIES;
                if (!isList || OnList(client))
                {
                    byte[] answer = isList ? [0, 0, 0, 5, 12, 0, 0, 0, 0] : [0, 0, 0, 1, 5];
                    await stream.WriteAsync(answer, _stopping.Token);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has gone, or the test is over.
        }
    }
}
