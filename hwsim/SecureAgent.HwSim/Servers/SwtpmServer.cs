using System.Buffers.Binary;
using System.Net.Sockets;

namespace SecureAgent.HwSim.Servers;

/// <summary>Serves a simulated TPM as swtpm does: bare TPM commands and responses over a TCP port of 127.0.0.1, with
/// swtpm's control channel on the next port, or over a Unix socket without a control channel. libtss2-tcti-swtpm
/// speaks the first.</summary>
/// <remarks>The control channel's requests are those of swtpm_ioctls(3) in their socket form: a 32-bit command, its
/// arguments, and an answer that starts with a 32-bit result. One that moves state blobs or file descriptors, or hashes
/// a measurement, is answered TPM_FAIL.</remarks>
public sealed class SwtpmServer : IAsyncDisposable
{
    /// <summary>The longest TPM command accepted; a longer one closes the connection.</summary>
    public const int MaxCommandBytes = 4096;

    private const int HeaderBytes = 10;
    private const byte MaxLocality = 4;
    private const uint TPM_SUCCESS = 0;
    private const uint TPM_FAIL = 9;
    private const uint TPM_BAD_LOCALITY = 61;

    private const uint CMD_GET_CAPABILITY = 1;
    private const uint CMD_INIT = 2;
    private const uint CMD_SHUTDOWN = 3;
    private const uint CMD_GET_TPMESTABLISHED = 4;
    private const uint CMD_SET_LOCALITY = 5;
    private const uint CMD_CANCEL_TPM_CMD = 9;
    private const uint CMD_STORE_VOLATILE = 10;
    private const uint CMD_RESET_TPMESTABLISHED = 11;
    private const uint CMD_STOP = 14;
    private const uint CMD_GET_CONFIG = 15;
    private const uint CMD_SET_BUFFERSIZE = 17;

    // PTM_CAP_*: INIT, SHUTDOWN, GET_TPMESTABLISHED, SET_LOCALITY, CANCEL_TPM_CMD, STORE_VOLATILE,
    // RESET_TPMESTABLISHED, STOP, GET_CONFIG, SET_BUFFERSIZE.
    private const uint Capabilities =
        1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 11 | 1 << 13;

    private readonly ISimulatedTpm _tpm;
    private readonly ConnectionHost _host;
    private readonly string? _path;
    private volatile byte _locality;

    private SwtpmServer(ISimulatedTpm tpm, int port)
    {
        _tpm = tpm;
        (Socket data, Socket control) = LoopbackListener.TcpPair(port);
        Port = LoopbackListener.Port(data);
        _host = new ConnectionHost();
        _host.Listen(data, ServeDataAsync);
        _host.Listen(control, ServeControlAsync);
    }

    private SwtpmServer(ISimulatedTpm tpm, string path)
    {
        _tpm = tpm;
        _path = path;
        Socket data = LoopbackListener.Unix(path);
        _host = new ConnectionHost();
        _host.Listen(data, ServeDataAsync);
    }

    /// <summary>The data port, 0 for a Unix socket; the control port is the next.</summary>
    public int Port { get; }

    /// <summary>How a client names this server.</summary>
    public string Tcti => _path is null ? $"swtpm:host=127.0.0.1,port={Port}" : $"swtpm:path={_path}";

    /// <summary>Completes when the server stops: a client sent CMD_SHUTDOWN, or it was disposed.</summary>
    public Task Stopped => _host.Stopped;

    /// <summary>Starts to serve <paramref name="tpm"/>, which stays the caller's, over TCP.</summary>
    /// <param name="tpm">The TPM that executes the commands.</param>
    /// <param name="port">The data port on 127.0.0.1, or 0 for a free pair of ports.</param>
    /// <exception cref="SocketException">The port or the one after it is taken.</exception>
    public static SwtpmServer Start(ISimulatedTpm tpm, int port = 0)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        return new SwtpmServer(tpm, port);
    }

    /// <summary>Starts to serve <paramref name="tpm"/>, which stays the caller's, over a Unix socket.</summary>
    /// <param name="tpm">The TPM that executes the commands.</param>
    /// <param name="path">Where the socket is made; nothing may exist there.</param>
    /// <exception cref="IOException">Something exists at <paramref name="path"/>.</exception>
    /// <exception cref="SocketException">The socket cannot be made there.</exception>
    public static SwtpmServer Start(ISimulatedTpm tpm, string path)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new SwtpmServer(tpm, path);
    }

    /// <summary>Ends all connections, closes the ports and removes the Unix socket.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _host.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            if (_path is not null)
            {
                File.Delete(_path);
            }
        }
    }

    private async Task ServeDataAsync(Connection connection)
    {
        byte[] header = new byte[HeaderBytes];
        while (await connection.TryReadFirstAsync(header).ConfigureAwait(false))
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(2));
            if (length > MaxCommandBytes)
            {
                return;
            }

            // A length below the header's own is the TPM's to refuse (TPM_RC_COMMAND_SIZE).
            byte[] command = new byte[Math.Max(length, HeaderBytes)];
            header.CopyTo(command, 0);
            await connection.ReadExactlyAsync(command.AsMemory(HeaderBytes)).ConfigureAwait(false);
            try
            {
                await connection.WriteAsync(_tpm.Execute(command, _locality)).ConfigureAwait(false);
            }
            catch (DeviceDroppedException e)
            {
                await connection.WriteAsync(e.Sent).ConfigureAwait(false);
                return;
            }
        }
    }

    private async Task ServeControlAsync(Connection connection)
    {
        byte[] command = new byte[sizeof(uint)];
        while (await connection.TryReadFirstAsync(command).ConfigureAwait(false))
        {
            switch (BinaryPrimitives.ReadUInt32BigEndian(command))
            {
                case CMD_GET_CAPABILITY:
                    await connection.WriteUInt32Async(TPM_SUCCESS, Capabilities).ConfigureAwait(false);
                    break;
                case CMD_INIT:
                    await connection.ReadUInt32Async().ConfigureAwait(false); // init_flags: no volatile state file here
                    _tpm.Reset();
                    await connection.WriteUInt32Async(TPM_SUCCESS).ConfigureAwait(false);
                    break;
                case CMD_SHUTDOWN:
                    _tpm.PowerOff();
                    await connection.WriteUInt32Async(TPM_SUCCESS).ConfigureAwait(false);
                    _host.Stop();
                    return;
                case CMD_STOP:
                    _tpm.PowerOff();
                    await connection.WriteUInt32Async(TPM_SUCCESS).ConfigureAwait(false);
                    break;
                case CMD_GET_TPMESTABLISHED:
                    await connection.WriteUInt32Async(TPM_SUCCESS, 0).ConfigureAwait(false); // bit and padding
                    break;
                case CMD_SET_LOCALITY:
                    uint result = await SetLocalityAsync(connection).ConfigureAwait(false);
                    await connection.WriteUInt32Async(result).ConfigureAwait(false);
                    break;
                case CMD_RESET_TPMESTABLISHED:
                    await connection.ReadExactlyAsync(new byte[1]).ConfigureAwait(false); // the locality that resets it
                    await connection.WriteUInt32Async(TPM_SUCCESS).ConfigureAwait(false);
                    break;
                case CMD_CANCEL_TPM_CMD or CMD_STORE_VOLATILE:
                    await connection.WriteUInt32Async(TPM_SUCCESS).ConfigureAwait(false);
                    break;
                case CMD_GET_CONFIG:
                    await connection.WriteUInt32Async(TPM_SUCCESS, 0).ConfigureAwait(false); // no state encryption key
                    break;
                case CMD_SET_BUFFERSIZE:
                    await connection.ReadUInt32Async().ConfigureAwait(false);
                    await connection.WriteUInt32Async(TPM_SUCCESS, MaxCommandBytes, MaxCommandBytes, MaxCommandBytes)
                        .ConfigureAwait(false);
                    break;
                default:
                    // Its arguments have no known length, so the connection cannot go on after the answer.
                    await connection.WriteUInt32Async(TPM_FAIL).ConfigureAwait(false);
                    return;
            }
        }
    }

    private async Task<uint> SetLocalityAsync(Connection connection)
    {
        byte[] locality = new byte[1];
        await connection.ReadExactlyAsync(locality).ConfigureAwait(false);
        if (locality[0] > MaxLocality)
        {
            return TPM_BAD_LOCALITY;
        }

        _locality = locality[0];
        return TPM_SUCCESS;
    }
}
