using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>The commands of the PIV application (SP 800-73-4 part 2, 3) and Yubico's, one method each. Each throws
/// <see cref="SmartCardException"/> where the card or the service has gone, and <see cref="PivException"/> where the
/// card refuses or answers nonsense.</summary>
internal sealed partial class PivCommands
{
    /// <summary>Key reference of the PIN.</summary>
    public const byte Pin = 0x80;

    /// <summary>Key reference of the PUK.</summary>
    public const byte Puk = 0x81;

    /// <summary>Key reference of the management key.</summary>
    public const byte ManagementKey = 0x9B;

    /// <summary>Key reference of the attestation key (Yubico).</summary>
    public const byte AttestationKey = 0xF9;

    private static readonly byte[] Aid = [0xA0, 0x00, 0x00, 0x03, 0x08];

    private readonly PivTransport _transport;

    /// <summary>Sends through <paramref name="transport"/>.</summary>
    public PivCommands(PivTransport transport) => _transport = transport;

    /// <summary>How many APDUs were sent.</summary>
    public long ApduCount => _transport.ApduCount;

    /// <summary>Selects the PIV application.</summary>
    /// <returns>Whether the card has one.</returns>
    public bool Select() => _transport.Send(PivInstruction.SELECT, 4, 0, Aid).IsSuccess;

    /// <summary>The firmware's version (Yubico), or <see langword="null"/> if the card does not tell.</summary>
    public Version? ReadVersion() =>
        _transport.Send(PivInstruction.GET_VERSION, 0, 0, []).IsSuccess
        && _transport.Response is [byte a, byte b, byte c]
            ? new Version(a, b, c)
            : null;

    /// <summary>The serial number (Yubico, firmware 5 and later), or <see langword="null"/>.</summary>
    public uint? ReadSerial() =>
        _transport.Send(PivInstruction.GET_SERIAL, 0, 0, []).IsSuccess && _transport.Response.Length == 4
            ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(_transport.Response)
            : null;

    /// <summary>What the card says of the key in <paramref name="reference"/>.</summary>
    /// <param name="reference">A slot, <see cref="ManagementKey"/> or <see cref="AttestationKey"/>.</param>
    /// <param name="status">How the card ended its response; <see cref="StatusWord.InstructionNotSupported"/> if it has
    /// no metadata at all.</param>
    /// <returns>It, or <see langword="null"/> if there is no key or no such command.</returns>
    public PivSlotMetadata? ReadMetadata(byte reference, out StatusWord status)
    {
        status = _transport.Send(PivInstruction.GET_METADATA, 0, reference, []);
        if (!status.IsSuccess)
        {
            return null;
        }

        ReadOnlySpan<byte> content = _transport.Response;
        ReadOnlySpan<byte> policies = Find(content, 2);
        return new PivSlotMetadata(
            (PivAlgorithm)First(Find(content, 1)),
            (PivPinPolicy)First(policies),
            policies.Length > 1 ? (PivTouchPolicy)policies[1] : PivTouchPolicy.Default,
            (PivKeyOrigin)First(Find(content, 3)),
            Find(content, 4).ToArray(),
            First(Find(content, 5)) != 0);
    }

    /// <summary>What the card says of <see cref="Pin"/> or <see cref="Puk"/>, or <see langword="null"/> if it has no
    /// such command. Costs no try.</summary>
    public PivPinMetadata? ReadPinMetadata(byte reference)
    {
        if (!_transport.Send(PivInstruction.GET_METADATA, 0, reference, []).IsSuccess)
        {
            return null;
        }

        ReadOnlySpan<byte> content = _transport.Response;
        return Find(content, 6) is [byte total, byte left]
            ? new PivPinMetadata(First(Find(content, 5)) != 0, total, left)
            : null;
    }

    /// <summary>The content of a data object, or <see langword="null"/> if the card has none.</summary>
    /// <param name="tag">Its tag, such as <c>0x5FC105</c>.</param>
    /// <exception cref="PivException">The PIN is wanted first, or the answer is malformed.</exception>
    public byte[]? ReadObject(int tag)
    {
        Span<byte> request = stackalloc byte[5];
        TlvWriter writer = new(request);
        WriteObjectName(ref writer, tag);
        StatusWord status = _transport.Send(PivInstruction.GET_DATA, 0x3F, 0xFF, writer.Written);
        if (status == StatusWord.NotFound || status == StatusWord.ReferenceNotFound
            || status == StatusWord.IncorrectParameters)
        {
            return null;
        }

        RequireSuccess(status, $"give the object {tag:X}");
        ReadOnlySpan<byte> content = new TlvReader(_transport.Response).Read(0x53);
        return content.IsEmpty ? null : content.ToArray();
    }

    /// <summary>Zeroes what the last command brought.</summary>
    public void Clear() => _transport.Clear();

    private static void WriteObjectName(ref TlvWriter writer, int tag)
    {
        Span<byte> name = [(byte)(tag >> 16), (byte)(tag >> 8), (byte)tag];
        writer.Write(0x5C, tag <= 0xFF ? name[2..] : name);
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> content, int tag) =>
        TlvReader.TryFind(content, tag, out ReadOnlySpan<byte> value) ? value : [];

    private static byte First(ReadOnlySpan<byte> value) => value.IsEmpty ? (byte)0 : value[0];

    private static void RequireSuccess(StatusWord status, string what)
    {
        if (!status.IsSuccess)
        {
            throw new PivException(BackendFailure.Refused, $"The card refused to {what}: {Explain(status)}.", status);
        }
    }

    internal static string Explain(StatusWord status) => status.Value switch
    {
        0x6982 => "the PIN or the management key was not given, or nobody touched it (6982)",
        0x6983 => "the PIN is blocked (6983)",
        0x6985 => "it is not allowed in this state, or nobody touched it (6985)",
        0x6A80 => "it does not take the data (6A80)",
        0x6A81 => "it has no such function (6A81)",
        0x6A84 => "it is full (6A84)",
        0x6A86 => "it has no such slot or algorithm (6A86)",
        0x6A82 or 0x6A88 => $"there is no such key or object ({status})",
        0x6D00 => "it has no such command (6D00)",
        _ => $"status {status}",
    };
}
