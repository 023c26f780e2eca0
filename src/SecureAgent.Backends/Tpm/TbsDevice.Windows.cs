using System.Runtime.Versioning;

namespace SecureAgent.Backends.Tpm;

/// <summary>The TPM of a Windows machine, through TPM Base Services, which keeps the objects of each program apart and
/// has its own time limits.</summary>
[SupportedOSPlatform("windows")]
internal sealed class TbsDevice : ITpmDevice
{
    private readonly TbsContextHandle _context;

    /// <summary>Opens a context.</summary>
    /// <exception cref="TpmDeviceLostException">There is no TPM 2.0, or the service does not run.</exception>
    public TbsDevice()
    {
        Tbs.ContextParams2 parameters = new() { version = Tbs.ContextVersionTwo, flags = Tbs.IncludeTpm20 };
        uint result = Tbs.Tbsi_Context_Create(parameters, out _context);
        if (result != 0)
        {
            _context.Dispose();
            throw Failed("cannot be opened", result, commandWasSent: false);
        }
    }

    /// <inheritdoc />
    public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
    {
        uint size = (uint)response.Length;
        uint result = Tbs.Tbsip_Submit_Command(
            _context, Tbs.LocalityZero, Tbs.PriorityNormal, command, (uint)command.Length, response, ref size);
        return result == 0 ? (int)size : throw Failed("did not run a command", result, commandWasSent: true);
    }

    /// <inheritdoc />
    public void Dispose() => _context.Dispose();

    private static TpmDeviceLostException Failed(string what, uint result, bool commandWasSent) =>
        new($"The TPM of this machine {what} (TBS 0x{result:X8}): {Advice(result)}", commandWasSent);

    // tbs.h and winerror.h.
    private static string Advice(uint result) => result switch
    {
        0x8028_400F => "no TPM 2.0 was found; check that it is enabled in the firmware.",
        0x8028_4008 => "the service TBS does not run.",
        0x8028_4010 => "the service TBS is disabled.",
        0x8028_4016 => "the TPM's owner policy forbids the command.",
        0x8028_0400 => "the command is blocked by policy.",
        _ => "see the event log of Windows under TPM.",
    };
}
