namespace SecureAgent.HwSim;

/// <summary>Faults that wait for their commands: each meets the next command with its code, in the order of
/// scripting.</summary>
/// <typeparam name="TCode">What tells commands apart: a command code, an instruction byte.</typeparam>
/// <typeparam name="TFault">What happens to a command.</typeparam>
internal sealed class FaultScript<TCode, TFault>
    where TCode : struct
    where TFault : class
{
    private readonly Lock _lock = new();
    private readonly List<(TCode? Code, TFault Fault)> _faults = [];

    /// <summary>How many have not met their command yet.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
            {
                return _faults.Count;
            }
        }
    }

    /// <summary>Scripts a fault for the next commands.</summary>
    /// <param name="code">Of which kind; <see langword="null"/> for any.</param>
    /// <param name="fault">What happens to the command.</param>
    /// <param name="times">How many commands it happens to.</param>
    public void Add(TCode? code, TFault fault, int times)
    {
        ArgumentNullException.ThrowIfNull(fault);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        lock (_lock)
        {
            _faults.AddRange(Enumerable.Repeat((code, fault), times));
        }
    }

    /// <summary>Forgets all that have not met their command.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _faults.Clear();
        }
    }

    /// <summary>Takes the fault of a command.</summary>
    /// <param name="code">The command's; <see langword="null"/> if it is too short to have one.</param>
    /// <returns><see langword="null"/> if nothing happens to it.</returns>
    public TFault? Take(TCode? code)
    {
        lock (_lock)
        {
            int index = _faults.FindIndex(entry => entry.Code is null || entry.Code.Equals(code));
            if (index < 0)
            {
                return null;
            }

            TFault fault = _faults[index].Fault;
            _faults.RemoveAt(index);
            return fault;
        }
    }
}
