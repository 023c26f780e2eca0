namespace SecureAgent.HwSim.Tpm;

/// <summary>Time and Clock (Part 1, 36), in milliseconds.</summary>
internal sealed class TpmClock(TimeProvider provider, PersistentState persistent)
{
    /// <summary>TPM_PT_CLOCK_UPDATE.</summary>
    public const uint UpdateInterval = 4096;

    private long _start = provider.GetTimestamp();
    private ulong _clockAtStart;

    /// <summary>Since power-on.</summary>
    public ulong Time => (ulong)provider.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>While powered, over the life of the TPM; TPM2_Clear sets it to zero.</summary>
    public ulong Clock => _clockAtStart + Time;

    /// <summary>No value of <see cref="Clock"/> that was ever reported can be higher. After a disorderly shutdown that is so again
    /// once Clock has passed the next value that would have been recorded.</summary>
    public bool Safe
    {
        get
        {
            if (!persistent.ClockSafe && Time >= UpdateInterval)
            {
                persistent.ClockSafe = true;
                persistent.Touch();
            }

            return persistent.ClockSafe;
        }
    }

    /// <summary>Power-on.</summary>
    public void Start()
    {
        _start = provider.GetTimestamp();
        _clockAtStart = persistent.Clock;
    }

    /// <summary>Makes <see cref="Clock"/> zero from now on.</summary>
    public void ClearClock() => Set(0);

    /// <summary>Makes <see cref="Clock"/> go on from <paramref name="value"/>.</summary>
    public void Set(ulong value)
    {
        _clockAtStart = unchecked(value - Time);
        persistent.Clock = value;
    }

    /// <summary>Writes a TPMS_CLOCK_INFO.</summary>
    public void WriteInfo(TpmWriter writer) => writer.UInt64(Clock).UInt32(persistent.ResetCount)
        .UInt32(persistent.RestartCount).YesNo(Safe);
}
