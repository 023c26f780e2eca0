namespace SecureAgent.Channels;

/// <summary>One client of a channel, as <see cref="ConnectionTable"/> sees it.</summary>
internal interface IClientConnection
{
    /// <summary>Process id of the client; 0 for all whose process the channel cannot know.</summary>
    int ProcessId { get; }

    /// <summary>Since when it has no request under way, as a timestamp of the channel's clock; <see langword="null"/> if
    /// it has one.</summary>
    long? IdleSince { get; }

    /// <summary>Closes the connection unless a request is under way, or waits to be read.</summary>
    bool TryEvict();
}
