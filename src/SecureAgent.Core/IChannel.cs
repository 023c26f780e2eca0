namespace SecureAgent.Core;

/// <summary>A way for clients to arrive.</summary>
public interface IChannel
{
    /// <summary>Short lower-case name, such as <c>unix</c>.</summary>
    string Name { get; }

    /// <summary>What the user points a client at, such as the socket's path.</summary>
    string Endpoint { get; }

    /// <summary>Completes once clients can connect; faults as <see cref="RunAsync"/> does if it cannot
    /// listen.</summary>
    Task Listening { get; }

    /// <summary>Listens and serves until <paramref name="ct"/> is cancelled, then closes every connection.</summary>
    /// <exception cref="ChannelException">It cannot listen. Nothing else ends it.</exception>
    Task RunAsync(IAgent agent, CancellationToken ct);
}
