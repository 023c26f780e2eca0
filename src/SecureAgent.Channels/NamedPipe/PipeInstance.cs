using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>The arguments of CreateNamedPipeW for one instance of an agent's pipe.</summary>
/// <param name="Name">lpName, in full.</param>
/// <param name="OpenMode">dwOpenMode.</param>
/// <param name="PipeMode">dwPipeMode.</param>
/// <param name="MaxInstances">nMaxInstances.</param>
/// <param name="OutBufferSizeBytes">nOutBufferSize.</param>
/// <param name="InBufferSizeBytes">nInBufferSize.</param>
/// <param name="DefaultTimeoutMilliseconds">nDefaultTimeOut; 0 stands for the system's 50 ms.</param>
/// <param name="Sddl">The descriptor in lpSecurityAttributes, as text.</param>
internal sealed record PipeInstance(
    string Name,
    uint OpenMode,
    uint PipeMode,
    uint MaxInstances,
    uint OutBufferSizeBytes,
    uint InBufferSizeBytes,
    uint DefaultTimeoutMilliseconds,
    string Sddl)
{
    private const uint PIPE_ACCESS_DUPLEX = 0x00000003;
    private const uint FILE_FLAG_FIRST_PIPE_INSTANCE = 0x00080000;
    private const uint FILE_FLAG_OVERLAPPED = 0x40000000;
    private const uint PIPE_TYPE_BYTE = 0;
    private const uint PIPE_READMODE_BYTE = 0;
    private const uint PIPE_WAIT = 0;
    private const uint PIPE_REJECT_REMOTE_CLIENTS = 0x00000008;
    private const uint PIPE_UNLIMITED_INSTANCES = 255;

    /// <summary>The largest frame and its prefix, so that whoever writes one is done at once, even if the reader has
    /// died meanwhile. The number is a limit, not an allocation: the system takes non-paged pool as bytes arrive that
    /// nobody reads yet, and frees it as they are read. A thousand silent clients hold none, because there is always a
    /// read waiting for them; one that asks and never reads holds at most this much.</summary>
    private const uint BufferSizeBytes = StreamConnection.MaxBodySizeBytes + sizeof(uint);

    /// <summary>The arguments for a pipe that only <paramref name="userSid"/> and the system may open.</summary>
    /// <param name="name">Full name.</param>
    /// <param name="userSid">SID of the user.</param>
    /// <param name="isFirst">Whether the name must be nobody else's.</param>
    public static PipeInstance For(string name, string userSid, bool isFirst) => new(
        name,
        PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (isFirst ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
        PIPE_UNLIMITED_INSTANCES,
        BufferSizeBytes,
        BufferSizeBytes,
        DefaultTimeoutMilliseconds: 0,
        OwnerOnlyDescriptor.ForPipe(userSid));
}
