using System.Buffers.Binary;
using System.Net.Sockets;

namespace SecureAgent.HwSim.Servers;

/// <summary>Serves a simulated TPM over the protocol of Microsoft's TPM 2.0 simulator: TPM commands on one port of
/// 127.0.0.1, the platform's signals (power, reset, cancel) on the next. libtss2-tcti-mssim speaks it.</summary>
/// <remarks>TPM 2.0 Part 4, "TPM Command Dispatcher over TCP": a 32-bit signal, its arguments, then the answer and 32
/// zero bits. A signal that is unknown or not simulated closes the connection.</remarks>
public sealed class MssimServer : IAsyncDisposable
{
    /// <summary>The command port that clients assume; the platform port is the next.</summary>
    public const int DefaultPort = 2321;

    /// <summary>The longest TPM command accepted; a longer one closes the connection.</summary>
    public const int MaxCommandBytes = 4096;

    private const uint TPM_SIGNAL_POWER_ON = 1;
    private const uint TPM_SIGNAL_POWER_OFF = 2;
    private const uint TPM_SIGNAL_PHYS_PRES_ON = 3;
    private const uint TPM_SIGNAL_PHYS_PRES_OFF = 4;
    private const uint TPM_SEND_COMMAND = 8;
    private const uint TPM_SIGNAL_CANCEL_ON = 9;
    private const uint TPM_SIGNAL_CANCEL_OFF = 10;
    private const uint TPM_SIGNAL_NV_ON = 11;
    private const uint TPM_SIGNAL_NV_OFF = 12;
    private const uint TPM_REMOTE_HANDSHAKE = 15;
    private const uint TPM_SIGNAL_RESET = 17;
    private const uint TPM_SESSION_END = 20;
    private const uint TPM_STOP = 21;

    private const uint ServerVersion = 1;
    private const uint TpmPlatformAvailable = 0x01;
    private const uint TpmInRawMode = 0x04;
    private const uint Acknowledged = 0;

    private readonly ISimulatedTpm _tpm;
    private readonly ConnectionHost _host;

    private MssimServer(ISimulatedTpm tpm, int port)
    {
        _tpm = tpm;
        (Socket command, Socket platform) = LoopbackListener.TcpPair(port);
        Port = LoopbackListener.Port(command);
        _host = new ConnectionHost();
        _host.Listen(command, ServeCommandsAsync);
        _host.Listen(platform, ServePlatformAsync);
    }

    /// <summary>The command port; the platform port is the next.</summary>
    public int Port { get; }

    /// <summary>How a client of tpm2-tss names this server.</summary>
    public string Tcti => $"mssim:host=127.0.0.1,port={Port}";

    /// <summary>Completes when the server stops: a client sent TPM_STOP, or it was disposed.</summary>
    public Task Stopped => _host.Stopped;

    /// <summary>Starts to serve <paramref name="tpm"/>, which stays the caller's.</summary>
    /// <param name="tpm">The TPM that executes the commands.</param>
    /// <param name="port">The command port on 127.0.0.1, or 0 for a free pair of ports.</param>
    /// <exception cref="SocketException">The port or the one after it is taken.</exception>
    public static MssimServer Start(ISimulatedTpm tpm, int port = 0)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        return new MssimServer(tpm, port);
    }

    /// <summary>Ends all connections and closes the ports.</summary>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static uint Number(byte[] bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes);

    private async Task ServeCommandsAsync(Connection connection)
    {
        byte[] signal = new byte[sizeof(uint)];
        while (await connection.TryReadFirstAsync(signal).ConfigureAwait(false))
        {
            switch (Number(signal))
            {
                case TPM_SEND_COMMAND:
                    if (!await ServeCommandAsync(connection).ConfigureAwait(false))
                    {
                        return;
                    }

                    break;
                case TPM_REMOTE_HANDSHAKE:
                    uint clientVersion = await connection.ReadUInt32Async().ConfigureAwait(false);
                    if (clientVersion == 0)
                    {
                        return;
                    }

                    await connection.WriteUInt32Async(
                        ServerVersion, TpmInRawMode | TpmPlatformAvailable, Acknowledged).ConfigureAwait(false);
                    break;
                case TPM_STOP:
                    _host.Stop();
                    return;
                case TPM_SESSION_END:
                default:
                    return;
            }
        }
    }

    private async Task<bool> ServeCommandAsync(Connection connection)
    {
        byte[] header = new byte[1 + sizeof(uint)];
        await connection.ReadExactlyAsync(header).ConfigureAwait(false);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
        if (length > MaxCommandBytes)
        {
            return false;
        }

        byte[] command = new byte[length];
        await connection.ReadExactlyAsync(command).ConfigureAwait(false);
        try
        {
            byte[] response = _tpm.Execute(command, header[0]);
            byte[] frame = new byte[sizeof(uint) + response.Length + sizeof(uint)];
            BinaryPrimitives.WriteInt32BigEndian(frame, response.Length);
            response.CopyTo(frame, sizeof(uint));
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(^sizeof(uint)), Acknowledged);
            await connection.WriteAsync(frame).ConfigureAwait(false);
            return true;
        }
        catch (DeviceDroppedException e)
        {
            if (e.Sent.Length > 0)
            {
                byte[] frame = new byte[sizeof(uint) + e.Sent.Length];
                BinaryPrimitives.WriteInt32BigEndian(frame, e.ResponseLength);
                e.Sent.CopyTo(frame.AsMemory(sizeof(uint)));
                await connection.WriteAsync(frame).ConfigureAwait(false);
            }

            return false;
        }
    }

    private async Task ServePlatformAsync(Connection connection)
    {
        byte[] signal = new byte[sizeof(uint)];
        while (await connection.TryReadFirstAsync(signal).ConfigureAwait(false))
        {
            switch (Number(signal))
            {
                case TPM_SIGNAL_POWER_ON:
                    _tpm.PowerOn();
                    break;
                case TPM_SIGNAL_POWER_OFF:
                    _tpm.PowerOff();
                    break;
                case TPM_SIGNAL_RESET:
                    _tpm.Reset();
                    break;
                case TPM_SIGNAL_CANCEL_ON or TPM_SIGNAL_CANCEL_OFF:
                case TPM_SIGNAL_NV_ON or TPM_SIGNAL_NV_OFF:
                case TPM_SIGNAL_PHYS_PRES_ON or TPM_SIGNAL_PHYS_PRES_OFF:
                    // No command here runs long enough to be cancelled, and the memory is always available.
                    break;
                case TPM_STOP:
                    _host.Stop();
                    return;
                case TPM_SESSION_END:
                default:
                    return;
            }

            await connection.WriteUInt32Async(Acknowledged).ConfigureAwait(false);
        }
    }
}
