using System.Security.Cryptography;

namespace SecureAgent.Backends.Piv;

/// <summary>Sends commands to a card in short APDUs: chains what is too long for one (SP 800-73-4 part 2, 2.4.2) and
/// collects what comes in pieces (GET RESPONSE). Nothing here writes down what is sent.</summary>
/// <remarks>Its buffers are pinned, and the one for commands is zeroed after each: PINs and keys pass through
/// it.</remarks>
internal sealed class PivTransport
{
    private const int HeaderBytes = 5;
    private const int MaximumShortBytes = 255;
    private const int StatusBytes = 2;
    private const byte ChainingClass = 0x10;

    // The longest object of any card, with room: what goes on longer is hostile.
    private const int MaximumResponseBytes = 16 * 1024;

    private readonly ISmartCard _card;
    private readonly byte[] _command = GC.AllocateArray<byte>(HeaderBytes + MaximumShortBytes + 1, pinned: true);
    private readonly byte[] _piece = GC.AllocateArray<byte>(256 + StatusBytes, pinned: true);
    private byte[] _response = GC.AllocateArray<byte>(1024, pinned: true);
    private int _length;

    /// <summary>Sends to <paramref name="card"/>, which stays the caller's.</summary>
    public PivTransport(ISmartCard card) => _card = card;

    /// <summary>How many APDUs were sent.</summary>
    public long ApduCount { get; private set; }

    /// <summary>The data of the last response; until the next command.</summary>
    public ReadOnlySpan<byte> Response => _response.AsSpan(0, _length);

    /// <summary>Sends one command.</summary>
    /// <param name="instruction">INS.</param>
    /// <param name="p1">P1.</param>
    /// <param name="p2">P2.</param>
    /// <param name="data">The data field; may be longer than one APDU.</param>
    /// <param name="expectsData">Whether there is an Le field.</param>
    /// <returns>How the card ended its response; the data is in <see cref="Response"/>.</returns>
    /// <exception cref="SmartCardException">The card or the service has gone.</exception>
    /// <exception cref="PivException">The response is no response.</exception>
    public StatusWord Send(
        PivInstruction instruction, byte p1, byte p2, ReadOnlySpan<byte> data, bool expectsData = true)
    {
        Clear();
        while (data.Length > MaximumShortBytes)
        {
            StatusWord link = Transmit(
                ChainingClass, instruction, p1, p2, data[..MaximumShortBytes], expectedLength: null);
            if (!link.IsSuccess)
            {
                return link;
            }

            Clear();
            data = data[MaximumShortBytes..];
        }

        StatusWord status = Transmit(0, instruction, p1, p2, data, expectsData ? 0 : null);
        if (status.Value >> 8 == 0x6C)
        {
            // Wrong Le, and this is the right one.
            Clear();
            status = Transmit(0, instruction, p1, p2, data, (byte)status.Value);
        }

        while (status.Value >> 8 == 0x61)
        {
            int before = _length;
            status = Transmit(0, PivInstruction.GET_RESPONSE, 0, 0, [], (byte)status.Value);
            if (status.Value >> 8 == 0x61 && _length == before)
            {
                throw new PivException("The card promises more data and does not send it.");
            }
        }

        return status;
    }

    /// <summary>Zeroes the last response.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(_response.AsSpan(0, _length));
        _length = 0;
    }

    private StatusWord Transmit(
        byte cla, PivInstruction instruction, byte p1, byte p2, ReadOnlySpan<byte> data, byte? expectedLength)
    {
        int length = 4;
        (_command[0], _command[1], _command[2], _command[3]) = (cla, (byte)instruction, p1, p2);
        if (!data.IsEmpty)
        {
            _command[length++] = (byte)data.Length;
            data.CopyTo(_command.AsSpan(length));
            length += data.Length;
        }

        if (expectedLength is byte le)
        {
            _command[length++] = le;
        }

        int received;
        try
        {
            ApduCount++;
            received = _card.Transmit(_command.AsSpan(0, length), _piece);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(_command);
        }

        if (received < StatusBytes || received > _piece.Length)
        {
            throw new PivException("The card answered without a status.");
        }

        Append(_piece.AsSpan(0, received - StatusBytes));
        StatusWord status = new((ushort)((_piece[received - 2] << 8) | _piece[received - 1]));
        CryptographicOperations.ZeroMemory(_piece);
        return status;
    }

    private void Append(ReadOnlySpan<byte> piece)
    {
        if (_length + piece.Length > MaximumResponseBytes)
        {
            throw new PivException("The card sends more data than any object has.");
        }

        if (_length + piece.Length > _response.Length)
        {
            byte[] larger = GC.AllocateArray<byte>(2 * (_length + piece.Length), pinned: true);
            Response.CopyTo(larger);
            CryptographicOperations.ZeroMemory(_response);
            _response = larger;
        }

        piece.CopyTo(_response.AsSpan(_length));
        _length += piece.Length;
    }
}
