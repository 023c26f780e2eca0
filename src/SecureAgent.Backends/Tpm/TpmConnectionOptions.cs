using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>What a <see cref="TpmConnection"/> needs.</summary>
internal sealed class TpmConnectionOptions
{
    /// <summary>Opens the device; called at first use and again after the device was lost.</summary>
    public required Func<ITpmDevice> Open { get; init; }

    /// <summary>Where unsealed secrets go.</summary>
    public required ISecretMemory Memory { get; init; }

    /// <summary>Remembers parent names across runs; <see langword="null"/> remembers them for this connection
    /// only.</summary>
    public ITpmNamePin? Pin { get; init; }

    /// <summary>The clock for lockout.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Waits before a command is repeated; the device's worker has nothing else to do meanwhile.</summary>
    public Action<TimeSpan> Pause { get; init; } = Thread.Sleep;
}
