namespace SecureAgent.Core;

/// <summary>A channel seen from the client side: reaches an agent that listens there.</summary>
public interface IAgentDialer
{
    /// <summary>Connects once.</summary>
    /// <returns>A stream of agent frames in both directions, which the caller disposes.</returns>
    /// <exception cref="ChannelException">Nobody listens there, or it is not for this user; the message says what to
    /// do.</exception>
    ValueTask<Stream> ConnectAsync(CancellationToken ct);
}
