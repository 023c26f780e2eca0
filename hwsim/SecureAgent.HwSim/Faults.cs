using System.Buffers.Binary;

namespace SecureAgent.HwSim;

/// <summary>Scripted trouble in front of a simulated TPM: each scripted fault meets the next command with its command
/// code, in the order of scripting; every other command passes unchanged.</summary>
/// <example><code>
/// Faults faults = new(simulator);
/// faults.Next(0x15D, new TpmFault.Answer(0x922), times: 2); // TPM2_Sign answers TPM_RC_RETRY twice
/// </code></example>
public sealed class Faults : ISimulatedTpm
{
    private const int HeaderBytes = 10;
    private const ushort TPM_ST_NO_SESSIONS = 0x8001;

    private readonly ISimulatedTpm _tpm;
    private readonly FaultScript<uint, TpmFault> _script = new();

    /// <summary>Stands in front of <paramref name="tpm"/>.</summary>
    public Faults(ISimulatedTpm tpm)
    {
        ArgumentNullException.ThrowIfNull(tpm);
        _tpm = tpm;
    }

    /// <summary>How many scripted faults have not met their command yet.</summary>
    public int Pending => _script.Pending;

    /// <summary>Scripts a fault for the next commands with one command code.</summary>
    /// <param name="commandCode">The TPM_CC, such as 0x15D for TPM2_Sign.</param>
    /// <param name="fault">What happens to the command.</param>
    /// <param name="times">How many commands it happens to.</param>
    public void Next(uint commandCode, TpmFault fault, int times = 1) => _script.Add(commandCode, fault, times);

    /// <summary>Scripts a fault for the next commands, whatever they are.</summary>
    /// <param name="fault">What happens to the command.</param>
    /// <param name="times">How many commands it happens to.</param>
    public void NextOfAny(TpmFault fault, int times = 1) => _script.Add(null, fault, times);

    /// <summary>Forgets the faults that have not met their command.</summary>
    public void Clear() => _script.Clear();

    /// <inheritdoc/>
    /// <exception cref="DeviceDroppedException">The scripted fault is that the device goes away.</exception>
    public byte[] Execute(ReadOnlySpan<byte> command, byte locality = 0)
    {
        switch (_script.Take(CodeOf(command)))
        {
            case null:
                return _tpm.Execute(command, locality);
            case TpmFault.Answer answer:
                return Header(answer.ResponseCode);
            case TpmFault.DropBefore:
                throw new DeviceDroppedException();
            case TpmFault.DropAfter:
                _tpm.Execute(command, locality);
                throw new DeviceDroppedException();
            case TpmFault.HalfResponse:
                byte[] whole = _tpm.Execute(command, locality);
                throw new DeviceDroppedException(whole.AsMemory(0, whole.Length / 2), whole.Length);
            case TpmFault.Garbage garbage:
                return garbage.Bytes.ToArray();
            case TpmFault.Truncate truncate:
                byte[] response = _tpm.Execute(command, locality);
                return response[..Math.Min(truncate.Length, response.Length)];
            case TpmFault.FlipBit flip:
                byte[] flipped = _tpm.Execute(command, locality);
                int bit = flip.Bit < 0 ? flipped.Length * 8 + flip.Bit : flip.Bit;
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                return flipped;
            case TpmFault.Delay delay:
                Thread.Sleep(delay.Time);
                return _tpm.Execute(command, locality);
            case TpmFault.Hold hold:
                hold.Until.GetAwaiter().GetResult();
                return _tpm.Execute(command, locality);
            case TpmFault unknown:
                throw new InvalidOperationException($"No such fault: {unknown}");
        }
    }

    /// <inheritdoc/>
    public void PowerOn() => _tpm.PowerOn();

    /// <inheritdoc/>
    public void PowerOff() => _tpm.PowerOff();

    /// <inheritdoc/>
    public void Reset() => _tpm.Reset();

    private static byte[] Header(uint responseCode)
    {
        byte[] response = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt16BigEndian(response, TPM_ST_NO_SESSIONS);
        BinaryPrimitives.WriteUInt32BigEndian(response.AsSpan(2), HeaderBytes);
        BinaryPrimitives.WriteUInt32BigEndian(response.AsSpan(6), responseCode);
        return response;
    }

    private static uint? CodeOf(ReadOnlySpan<byte> command) =>
        command.Length < HeaderBytes ? null : BinaryPrimitives.ReadUInt32BigEndian(command[6..]);
}
