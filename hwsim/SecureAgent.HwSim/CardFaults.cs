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
    private readonly Lock _lock = new();
    private readonly List<(byte? Ins, CardFault Fault)> _script = [];

    /// <summary>Stands in front of <paramref name="card"/>.</summary>
    public CardFaults(ISimulatedCard card)
    {
        ArgumentNullException.ThrowIfNull(card);
        _card = card;
    }

    /// <summary>How many scripted faults have not met their command yet.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
            {
                return _script.Count;
            }
        }
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Atr => _card.Atr;

    /// <summary>Scripts a fault for the next commands with one instruction byte.</summary>
    /// <param name="ins">The instruction byte, such as 0x87 for GENERAL AUTHENTICATE.</param>
    /// <param name="fault">What happens to the command.</param>
    /// <param name="times">How many commands it happens to.</param>
    public void Next(byte ins, CardFault fault, int times = 1) => Add(ins, fault, times);

    /// <summary>Scripts a fault for the next commands, whatever they are.</summary>
    /// <param name="fault">What happens to the command.</param>
    /// <param name="times">How many commands it happens to.</param>
    public void NextOfAny(CardFault fault, int times = 1) => Add(null, fault, times);

    /// <summary>Forgets the faults that have not met their command.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _script.Clear();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="CardRemovedException">The scripted fault is that the card is pulled out.</exception>
    public byte[] Transmit(ReadOnlySpan<byte> command)
    {
        switch (Take(command))
        {
            case null:
                return _card.Transmit(command);
            case CardFault.Answer answer:
                return Status(answer.StatusWord);
            case CardFault.RemoveBefore:
                throw new CardRemovedException();
            case CardFault.RemoveAfter:
                _card.Transmit(command);
                throw new CardRemovedException();
            case CardFault.HalfResponse:
                byte[] whole = _card.Transmit(command);
                throw new CardRemovedException(whole.AsMemory(0, whole.Length / 2), whole.Length);
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

    private void Add(byte? ins, CardFault fault, int times)
    {
        ArgumentNullException.ThrowIfNull(fault);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        lock (_lock)
        {
            _script.AddRange(Enumerable.Repeat((ins, fault), times));
        }
    }

    private CardFault? Take(ReadOnlySpan<byte> command)
    {
        byte? ins = command.Length < 2 ? null : command[1];
        lock (_lock)
        {
            int index = _script.FindIndex(entry => entry.Ins is null || entry.Ins == ins);
            if (index < 0)
            {
                return null;
            }

            CardFault fault = _script[index].Fault;
            _script.RemoveAt(index);
            return fault;
        }
    }
}
