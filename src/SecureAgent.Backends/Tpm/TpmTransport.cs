using System.Buffers.Binary;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>Carries whole commands to the device: opens it, checks the frame of every answer, and sends the same bytes
/// again while the TPM says that it did not run them.</summary>
internal sealed class TpmTransport : IDisposable
{
    /// <summary>Bytes of the largest command and response.</summary>
    public const int BufferBytes = 4096;

    /// <summary>Bytes of a header: tag, size and code.</summary>
    public const int HeaderBytes = 10;

    /// <summary>TPM_ST_NO_SESSIONS.</summary>
    public const ushort NoSessions = 0x8001;

    /// <summary>TPM_ST_SESSIONS.</summary>
    public const ushort Sessions = 0x8002;

    private static readonly TimeSpan RetryBudget = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    private readonly Func<ITpmDevice> _open;
    private readonly Action<TimeSpan> _pause;
    private readonly byte[] _response = GC.AllocateArray<byte>(BufferBytes, pinned: true);
    private ITpmDevice? _device;

    /// <summary>Prepares a transport; nothing is opened yet.</summary>
    /// <param name="open">Opens the device.</param>
    /// <param name="pause">Waits between two tries.</param>
    public TpmTransport(Func<ITpmDevice> open, Action<TimeSpan> pause) => (_open, _pause) = (open, pause);

    /// <summary>How many commands were sent, repetitions included.</summary>
    public long CommandCount { get; private set; }

    /// <summary>Whether the device is open.</summary>
    public bool IsOpen => _device is not null;

    /// <summary>Opens the device if it is not open.</summary>
    /// <returns>Whether it was opened now.</returns>
    public bool EnsureOpen()
    {
        if (_device is not null)
        {
            return false;
        }

        _device = _open();
        return true;
    }

    /// <summary>Sends a command, again while the TPM asks for that.</summary>
    /// <param name="command">The whole command.</param>
    /// <returns>The whole response in a buffer that the next command overwrites; its size field is its
    /// length.</returns>
    /// <exception cref="TpmException">The answer is out of frame (the device is closed then), or the TPM asked for
    /// patience for longer than two seconds (<see cref="BackendFailure.Busy"/>).</exception>
    /// <exception cref="BackendException">The device is gone; it is closed.</exception>
    public Span<byte> Transmit(ReadOnlySpan<byte> command)
    {
        ITpmDevice device = _device ?? throw new TpmDeviceLostException("The TPM is not open.", commandWasSent: false);
        TimeSpan pause = TimeSpan.FromMilliseconds(2);
        TimeSpan waited = TimeSpan.Zero;
        while (true)
        {
            Span<byte> response = TransmitOnce(device, command);
            TpmResponseCode code = new(BinaryPrimitives.ReadUInt32BigEndian(response[6..]));
            if (!AsksForRepetition(code))
            {
                return response;
            }

            if (waited >= RetryBudget)
            {
                throw new TpmException(
                    BackendFailure.Busy,
                    $"The TPM has been busy for {waited.TotalSeconds:0.#} s ({code}); try again.", code);
            }

            _pause(pause);
            waited += pause;
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Closes the device; the next use opens it again.</summary>
    public void Close()
    {
        _device?.Dispose();
        _device = null;
    }

    /// <summary>Zeroes the response buffer after a secret was in it.</summary>
    public void ClearResponse() => Array.Clear(_response);

    /// <summary>Closes the device.</summary>
    public void Dispose() => Close();

    // The TPM has not run a command that it answers with one of these (Part 1, 38; Part 2, 6.6.3), so that the same
    // bytes, nonce and all, may go again.
    private static bool AsksForRepetition(TpmResponseCode code) =>
        code.Is(TPM_RC.RETRY) || code.Is(TPM_RC.YIELDED) || code.Is(TPM_RC.TESTING) || code.Is(TPM_RC.NV_RATE)
        || code.Is(TPM_RC.CANCELED);

    private Span<byte> TransmitOnce(ITpmDevice device, ReadOnlySpan<byte> command)
    {
        CommandCount++;
        int length;
        try
        {
            length = device.Transmit(command, _response);
        }
        catch (BackendException)
        {
            Close();
            throw;
        }

        Span<byte> response = _response.AsSpan(0, Math.Clamp(length, 0, _response.Length));
        if (length != response.Length
            || length < HeaderBytes
            || BinaryPrimitives.ReadUInt32BigEndian(response[2..]) != (uint)length
            || BinaryPrimitives.ReadUInt16BigEndian(response) is not (NoSessions or Sessions or 0x00C4))
        {
            Close();
            throw new TpmException("The TPM's answer is not a TPM 2.0 response; the connection was closed.");
        }

        return response;
    }
}
