namespace SecureAgent.Tests.Core;

/// <summary>One thing that happens to an agent. Hosts, keys and destinations are numbers in
/// <see cref="ModelWorld"/>.</summary>
internal abstract record ModelStep
{
    /// <summary>The client of <paramref name="Connection"/> leaves, and another comes.</summary>
    public sealed record Connect(int Connection) : ModelStep;

    public sealed record Bind(int Connection, int Host, int Session, bool Forwarding, ModelSigner Signer) : ModelStep;

    public sealed record Lock(int Connection, bool Empty) : ModelStep;

    public sealed record Unlock(int Connection, bool Right) : ModelStep;

    /// <param name="Connection">Who adds.</param>
    /// <param name="Key">What.</param>
    /// <param name="Version">Becomes part of the comment.</param>
    /// <param name="Seconds">Its lifetime; 0 for no end.</param>
    /// <param name="Confirm">Whether each use is asked for.</param>
    /// <param name="MaxSignatures">How many; <see langword="null"/> for any number.</param>
    /// <param name="Destinations">Where; 0 for everywhere.</param>
    /// <param name="Unknown">Whether there is a constraint that nobody knows.</param>
    public sealed record Add(
        int Connection,
        int Key,
        int Version,
        uint Seconds,
        bool Confirm,
        uint? MaxSignatures,
        int Destinations,
        bool Unknown) : ModelStep;

    public sealed record List(int Connection) : ModelStep;

    /// <param name="Connection">Who asks.</param>
    /// <param name="Key">Which key is to sign.</param>
    /// <param name="Data">What it is.</param>
    /// <param name="Session">Of the login.</param>
    /// <param name="User">Of the login.</param>
    /// <param name="Host">Whose key the login names.</param>
    public sealed record Sign(int Connection, int Key, ModelData Data, int Session, string User, int Host) : ModelStep;

    public sealed record Remove(int Connection, int Key) : ModelStep;

    public sealed record RemoveAll(int Connection) : ModelStep;

    public sealed record Wait(int Seconds) : ModelStep;

    /// <summary>From now on the person says so.</summary>
    public sealed record Decide(bool Allows) : ModelStep;
}
