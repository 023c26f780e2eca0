namespace SecureAgent.HwSim.Piv;

/// <summary>A YubiKey-like card with a PIV and a management application: command APDUs in, response APDUs out.
/// Thread-safe; commands run one at a time, and the counters can be read while one waits for a touch.</summary>
public sealed class PivCard : ISimulatedCard
{
    private const byte Select = 0xA4;
    private const byte GetResponse = 0xC0;
    private const byte ChainingBit = 0x10;
    private const int MaxChainedData = 4096;
    private const int MaxShortResponse = 256;

    // The YubiKey 5's; "YubiKey" in its historical bytes.
    private static readonly byte[] AnswerToReset =
        Convert.FromHexString("3BFD1300008131FE158073C021C057597562694B657940");

    private readonly Lock _gate = new();
    private readonly PivState _state;
    private readonly TouchSensor _touch;
    private readonly ICardApplet[] _applets;
    private readonly int[] _counts = new int[byte.MaxValue + 1];
    private ICardApplet? _selected;
    private ApduCommand? _chain;
    private ReadOnlyMemory<byte> _remaining;

    /// <summary>Makes a card that takes commands at once. Reads the state file if there is one.</summary>
    /// <exception cref="InvalidDataException">The state file is not one, or is damaged.</exception>
    /// <exception cref="IOException">The state file cannot be read or written.</exception>
    public PivCard(PivCardOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _state = new PivState(options);
        _touch = new TouchSensor(options.Touch, options.TouchTimeout, options.Time);
        _applets = [new PivApplet(_state, _touch), new ManagementApplet(_state)];
    }

    /// <summary>The card waits for a touch from now on; raised by the thread that executes the command, which
    /// waits.</summary>
    public event EventHandler? TouchWanted
    {
        add => _touch.Wanted += value;
        remove => _touch.Wanted -= value;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Atr => AnswerToReset;

    /// <summary>The serial number.</summary>
    public uint Serial => _state.Serial;

    /// <summary>The firmware.</summary>
    public Version Firmware => _state.Firmware.Version;

    /// <summary>Whether the card waits for a touch.</summary>
    public bool IsWaitingForTouch => _touch.IsWaiting;

    /// <summary>The PIN's retry counter.</summary>
    public int PinTriesLeft => _state.Pin.TriesLeft;

    /// <summary>The PUK's retry counter.</summary>
    public int PukTriesLeft => _state.Puk.TriesLeft;

    /// <summary>How many commands came in, each part of a chain being one.</summary>
    public int CommandCount => _counts.Sum();

    /// <summary>The certificate (DER) that attestation leads to, which stands for Yubico's root.</summary>
    public ReadOnlyMemory<byte> AttestationRoot
    {
        get
        {
            lock (_gate)
            {
                PivAttestation.Prepare(_state);
                _state.TrySave();
                return _state.AttestationRoot;
            }
        }
    }

    /// <summary>How many commands with one instruction byte came in, each part of a chain being one.</summary>
    /// <param name="ins">The instruction byte, such as 0x87 for GENERAL AUTHENTICATE.</param>
    public int Count(byte ins) => Volatile.Read(ref _counts[ins]);

    /// <summary>Touches the card, if <see cref="PivTouch.AfterControl"/> leaves that to the caller.</summary>
    /// <returns>Whether it waited for a touch; if not, nothing has happened.</returns>
    public bool Touch() => _touch.Touch();

    /// <summary>Executes one command. Whatever the bytes are, the answer is a response APDU, never an exception for
    /// them.</summary>
    /// <param name="command">The command APDU, short or extended.</param>
    /// <returns>Data, SW1 and SW2; the caller owns it. 6581 while the state file cannot be written.</returns>
    public byte[] Transmit(ReadOnlySpan<byte> command)
    {
        ApduCommand? parsed = ApduCommand.Parse(command);
        lock (_gate)
        {
            byte[] response;
            try
            {
                CardError.Unless(parsed is not null, StatusWord.WrongLength);
                _counts[parsed!.Ins]++;
                response = Execute(parsed);
            }
            catch (CardError error)
            {
                response = Status(error.Status);
            }

            // Also after a failure, which may have cost a try.
            return _state.TrySave() ? response : Status(StatusWord.MemoryFailure);
        }
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _touch.PowerOff(); // so that a command that waits for a touch lets go of the lock
        lock (_gate)
        {
            _selected?.Deselect();
            _selected = null;
            _chain = null;
            _remaining = default;
        }
    }

    private static byte[] Status(StatusWord status) => [(byte)((int)status >> 8), (byte)status];

    private byte[] Execute(ApduCommand command)
    {
        CardError.Unless((command.Cla & ~ChainingBit) == 0, StatusWord.ClassNotSupported);
        if (command.Ins == GetResponse)
        {
            return Answer(_remaining, command.IsExtended);
        }

        _remaining = default;
        if (Chained(command) is not ApduCommand whole)
        {
            return Status(StatusWord.Success);
        }

        byte[] data = whole.Ins == Select ? SelectApplet(whole) : Selected().Execute(whole);
        return Answer(data, command.IsExtended);
    }

    private ICardApplet Selected() => _selected ?? throw new CardError(StatusWord.InstructionNotSupported);

    /// <summary>Puts the parts of a chain together.</summary>
    /// <returns>The whole command, or <see langword="null"/> as long as parts are missing.</returns>
    private ApduCommand? Chained(ApduCommand part)
    {
        ApduCommand? begun = _chain;
        _chain = null;
        ApduCommand whole = part;
        if (begun is not null)
        {
            CardError.Unless(
                (part.Ins, part.P1, part.P2) == (begun.Ins, begun.P1, begun.P2), StatusWord.LastCommandExpected);
            whole = part with { Data = [.. begun.Data, .. part.Data] };
        }

        CardError.Unless(whole.Data.Length <= MaxChainedData, StatusWord.WrongLength);
        if ((part.Cla & ChainingBit) == 0)
        {
            return whole;
        }

        _chain = whole;
        return null;
    }

    private byte[] SelectApplet(ApduCommand command)
    {
        CardError.Unless(command is { P1: 4, P2: 0 }, StatusWord.IncorrectParameters);
        ICardApplet? found = Array.Find(_applets, applet => applet.Matches(command.Data));

        // Also a name that the card does not know costs what was verified (OpenSC calls that CI_OTHER_AID_LOSE_STATE).
        _selected?.Deselect();
        _selected = found ?? _selected;
        return found?.Select() ?? throw new CardError(StatusWord.FileNotFound);
    }

    private byte[] Answer(ReadOnlyMemory<byte> data, bool isExtended)
    {
        if (isExtended || data.Length <= MaxShortResponse)
        {
            _remaining = default;
            return [.. data.Span, .. Status(StatusWord.Success)];
        }

        _remaining = data[MaxShortResponse..];
        int left = Math.Min(_remaining.Length, MaxShortResponse);
        return [.. data.Span[..MaxShortResponse], .. Status(StatusWord.BytesRemaining + (byte)left)];
    }
}
