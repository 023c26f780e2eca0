namespace SecureAgent.Channels.Relay;

/// <summary>The process at the other end of a relay. Disposing it closes its input, and ends it if that does
/// not.</summary>
public interface IRelayProcess : IAsyncDisposable
{
    /// <summary>What it reads.</summary>
    Stream Input { get; }

    /// <summary>What it writes.</summary>
    Stream Output { get; }

    /// <summary>Completes when it has ended; says how, as the end of a sentence, and what can be done about
    /// it.</summary>
    Task<string> Ended { get; }
}
