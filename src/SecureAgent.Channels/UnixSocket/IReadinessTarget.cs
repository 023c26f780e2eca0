namespace SecureAgent.Channels.UnixSocket;

/// <summary>Whoever is told that a descriptor is ready.</summary>
internal interface IReadinessTarget
{
    /// <summary>Something can be done now, or has happened.</summary>
    /// <param name="events">EPOLLIN and others (epoll_ctl(2)).</param>
    void OnReady(uint events);
}
