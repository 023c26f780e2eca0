using System.Security.Cryptography;

namespace SecureAgent.Backends.Piv;

internal sealed partial class PivCommands
{
    /// <summary>Bytes of a PIN or PUK on the way to the card, padded with FF.</summary>
    public const int PinBytes = 8;

    private const byte PinFill = 0xFF;

    /// <summary>How many wrong PINs the card still takes (VERIFY without a PIN), which costs none.</summary>
    /// <returns>The number, 0 if it is blocked; <see langword="null"/> if the PIN is verified now, and so the count is
    /// full.</returns>
    /// <exception cref="PivException">The card does not tell.</exception>
    public int? ReadTriesLeft()
    {
        StatusWord status = _transport.Send(PivInstruction.VERIFY, 0, Pin, [], expectsData: false);
        if (status.TriesLeft is int left)
        {
            return left;
        }

        RequireSuccess(status, "tell how many tries of the PIN are left");
        return null;
    }

    /// <summary>Verifies the PIN.</summary>
    /// <param name="pin">1 to <see cref="PinBytes"/> bytes.</param>
    /// <returns><see cref="StatusWord.Success"/>, or a status with <see cref="StatusWord.TriesLeft"/> if it is
    /// wrong.</returns>
    /// <exception cref="PivException">The card refused for another reason.</exception>
    public StatusWord Verify(ReadOnlySpan<byte> pin)
    {
        Span<byte> padded = stackalloc byte[PinBytes];
        Pad(pin, padded);
        StatusWord status = _transport.Send(PivInstruction.VERIFY, 0, Pin, padded, expectsData: false);
        CryptographicOperations.ZeroMemory(padded);
        if (status.TriesLeft is null)
        {
            RequireSuccess(status, "verify the PIN");
        }

        return status;
    }

    /// <summary>Makes the card forget that the PIN was verified; one that cannot keeps it.</summary>
    public void LogOut() => _transport.Send(PivInstruction.VERIFY, 0xFF, Pin, [], expectsData: false);

    /// <summary>Changes the PIN or the PUK.</summary>
    /// <param name="reference"><see cref="Pin"/> or <see cref="Puk"/>.</param>
    /// <param name="current">The one that holds now.</param>
    /// <param name="replacement">The new one.</param>
    /// <returns>As <see cref="Verify"/>; the tries are those of <paramref name="reference"/>.</returns>
    public StatusWord ChangeReference(byte reference, ReadOnlySpan<byte> current, ReadOnlySpan<byte> replacement) =>
        SendPair(
            PivInstruction.CHANGE_REFERENCE_DATA, reference, current, replacement,
            reference == Pin ? "change the PIN" : "change the PUK");

    /// <summary>Sets a new PIN with the PUK, also when the PIN is blocked.</summary>
    /// <returns>As <see cref="Verify"/>; the tries are the PUK's.</returns>
    public StatusWord ResetRetryCounter(ReadOnlySpan<byte> puk, ReadOnlySpan<byte> newPin) =>
        SendPair(PivInstruction.RESET_RETRY_COUNTER, Pin, puk, newPin, "unblock the PIN");

    /// <summary>Sets how many wrong PINs and PUKs in a row are taken, which sets both to the default. Needs the
    /// management key and the PIN.</summary>
    public void SetRetries(int pinTries, int pukTries) =>
        RequireSuccess(
            _transport.Send(PivInstruction.SET_PIN_RETRIES, (byte)pinTries, (byte)pukTries, [], expectsData: false),
            "set the number of tries");

    /// <summary>Replaces the management key. Needs the old one.</summary>
    public void SetManagementKey(PivAlgorithm algorithm, ReadOnlySpan<byte> key, bool touch = false)
    {
        Span<byte> request = stackalloc byte[3 + 32];
        (request[0], request[1], request[2]) = ((byte)algorithm, ManagementKey, (byte)key.Length);
        key.CopyTo(request[3..]);
        StatusWord status = _transport.Send(
            PivInstruction.SET_MANAGEMENT_KEY, 0xFF, touch ? (byte)0xFE : (byte)0xFF, request[..(3 + key.Length)],
            expectsData: false);
        CryptographicOperations.ZeroMemory(request);
        RequireSuccess(status, "replace the management key");
    }

    /// <summary>Empties the PIV application: all keys, certificates and objects. PIN and PUK must be
    /// blocked.</summary>
    public void Reset() =>
        RequireSuccess(_transport.Send(PivInstruction.RESET, 0, 0, [], expectsData: false), "reset");

    private StatusWord SendPair(
        PivInstruction instruction, byte reference, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, string what)
    {
        Span<byte> request = stackalloc byte[2 * PinBytes];
        Pad(first, request[..PinBytes]);
        Pad(second, request[PinBytes..]);
        StatusWord status = _transport.Send(instruction, 0, reference, request, expectsData: false);
        CryptographicOperations.ZeroMemory(request);
        if (status.TriesLeft is null)
        {
            RequireSuccess(status, what);
        }

        return status;
    }

    private static void Pad(ReadOnlySpan<byte> pin, Span<byte> padded)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pin.Length, PinBytes, nameof(pin));
        padded.Fill(PinFill);
        pin.CopyTo(padded);
    }
}
