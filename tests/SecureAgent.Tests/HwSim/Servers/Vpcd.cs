using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Tests.HwSim.Servers;

/// <summary>The reader's side of vpcd as libifdvpcd plays it: length and payload in separate writes.</summary>
internal sealed class Vpcd : IDisposable
{
    private readonly TcpListener _listener;
    private NetworkStream? _card;

    public Vpcd()
    {
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Waits for a card without switching it on, and until it is gone again.</summary>
    public async Task OverlookAsync()
    {
        using Socket socket = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    /// <summary>Waits for a card, switches it on and reads its answer to reset.</summary>
    public async Task<byte[]> AcceptAsync()
    {
        Socket socket = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        _card = new NetworkStream(socket, ownsSocket: true);
        await SendAsync([1]);
        return await ExchangeAsync([4]);
    }

    /// <summary>Sends a control that has no answer.</summary>
    public Task ControlAsync(byte control) => SendAsync([control]);

    public async Task<byte[]> ExchangeAsync(byte[] payload)
    {
        await SendAsync(payload);
        byte[] answer = new byte[await ReadLengthAsync()];
        await _card!.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        return answer;
    }

    /// <summary>Sends a command and reads until the card is gone.</summary>
    /// <returns>What came, length included.</returns>
    public async Task<byte[]> ExchangeToTheEndAsync(byte[] payload)
    {
        await SendAsync(payload);
        using MemoryStream received = new();
        await _card!.CopyToAsync(received, TestContext.Current.CancellationToken);
        return received.ToArray();
    }

    /// <summary>Ends the connection, as a pcscd that ends does.</summary>
    public void Disconnect() => _card!.Dispose();

    public void Dispose()
    {
        _card?.Dispose();
        _listener.Dispose();
    }

    private async Task SendAsync(byte[] payload)
    {
        byte[] length = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
        await _card!.WriteAsync(length, TestContext.Current.CancellationToken);
        await _card.WriteAsync(payload, TestContext.Current.CancellationToken);
    }

    private async Task<int> ReadLengthAsync()
    {
        byte[] length = new byte[sizeof(ushort)];
        await _card!.ReadExactlyAsync(length, TestContext.Current.CancellationToken);
        return BinaryPrimitives.ReadUInt16BigEndian(length);
    }
}
