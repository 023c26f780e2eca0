namespace SecureAgent.Channels.XAgent;

/// <summary>What tells Xshell where the agent is, until it is disposed.</summary>
internal interface IXAgentSign : IDisposable
{
    /// <summary>Puts it up.</summary>
    /// <param name="port">The TCP port on 127.0.0.1.</param>
    /// <param name="cookie">Seven letters and digits.</param>
    /// <exception cref="Core.ChannelException">There is one already; the message says whose.</exception>
    void Show(int port, string cookie);
}
