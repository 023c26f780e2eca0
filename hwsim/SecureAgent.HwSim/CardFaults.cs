namespace SecureAgent.HwSim;

/// <summary>Scripted trouble in front of a simulated card: each scripted fault meets the next command with its
/// instruction byte, in the order of scripting; every other command passes unchanged.</summary>
/// <example><code>
/// CardFaults faults = new(card);
/// faults.Next(0x87, new CardFault.RemoveAfter()); // pulled out when GENERAL AUTHENTICATE is done
/// </code></example>
public sealed class CardFaults : ISimulatedCard
{
    private const ushort SecurityStatusNotSatisfied = 0x6982;

    private readonly ISimulatedCard _card;
    private readonly FaultScript<byte, CardFault> _script = new();

    /// <summary>Stands in front of <paramref name="card"/>.</summary>
    public CardFaults(ISimulatedCard card)
    {
        ArgumentNullException.ThrowIfNull(card);
        _card = card;
    }

    /// <summary>How many scripted faults have not met their command yet.</summary>
    public int Pending => _script.Pending;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Atr => _card.Atr;

    /// <summary>Scripts a fault for the next commands with one instruction byte.</summary>
    /// <param name="ins">The instruction byte, such as 0x87 for GENERAL AUTHENTICATE.</param>
    /// <param name="fault">What happens to the command.</param>
    /// <param name="times">How many commands it happens to.</param>
    public void Next(byte ins, CardFault fault, int times = 1) => _script.Add(ins, fault, times);

    /// <summary>Scripts a fault for the next commands, whatever they are.</summary>
    /// <param name="fault">What happens to the command.</param>
    /// <param name="times">How many commands it happens to.</param>
    public void NextOfAny(CardFault fault, int times = 1) => _script.Add(null, fault, times);

    /// <summary>Forgets the faults that have not met their command.</summary>
    public void Clear() => _script.Clear();

    /// <inheritdoc/>
    /// <exception cref="DeviceDroppedException">The scripted fault is that the card is pulled out.</exception>
    public byte[] Transmit(ReadOnlySpan<byte> command)
    {
        switch (_script.Take(command.Length < 2 ? null : command[1]))
        {
            case null:
                return _card.Transmit(command);
            case CardFault.Answer answer:
                return Status(answer.StatusWord);
            case CardFault.RemoveBefore:
                throw new DeviceDroppedException();
            case CardFault.RemoveAfter:
                _card.Transmit(command);
                throw new DeviceDroppedException();
            case CardFault.HalfResponse:
                byte[] whole = _card.Transmit(command);
                throw new DeviceDroppedException(whole.AsMemory(0, whole.Length / 2), whole.Length);
            case CardFault.Garbage garbage:
                return garbage.Bytes.ToArray();
            case CardFault.Delay delay:
                Thread.Sleep(delay.Time);
                return _card.Transmit(command);
            case CardFault.Hold hold:
                hold.Until.GetAwaiter().GetResult();
                return _card.Transmit(command);
            case CardFault.Reset:
                _card.Reset();
                return _card.Transmit(command);
            case CardFault.NoTouch noTouch:
                Thread.Sleep(noTouch.Time);
                return Status(SecurityStatusNotSatisfied);
            case CardFault unknown:
                throw new InvalidOperationException($"No such fault: {unknown}");
        }
    }

    /// <inheritdoc/>
    public void Reset() => _card.Reset();

    private static byte[] Status(ushort statusWord) => [(byte)(statusWord >> 8), (byte)statusWord];
}
