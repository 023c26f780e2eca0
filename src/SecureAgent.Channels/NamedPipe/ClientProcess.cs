namespace SecureAgent.Channels.NamedPipe;

/// <summary>Finds a pipe client's user by its process id, for clients that hide their token. The id may be given to
/// another process as soon as the client has ended, so that what it leads to counts only if it is still the same
/// afterwards, and is not younger than the connection.</summary>
internal static class ClientProcess
{
    /// <summary>SID of the client's user.</summary>
    /// <param name="connected">When the connection was accepted, as a Windows file time (100 ns, UTC).</param>
    /// <param name="readProcessId">Asks the pipe for the client's process id; 0 if it does not know.</param>
    /// <param name="readProcess">Asks the system for the user and the start, as a file time, of a process;
    /// <see langword="null"/> if there is none or it may not be asked.</param>
    /// <returns><see langword="null"/> if it cannot be said with certainty.</returns>
    public static string? UserOf(
        long connected, Func<int> readProcessId, Func<int, (string User, long StartTime)?> readProcess)
    {
        int id = readProcessId();
        if (id == 0 || readProcess(id) is not { } first || first.StartTime == 0 || first.StartTime > connected)
        {
            return null;
        }

        return readProcessId() == id && readProcess(id) == first ? first.User : null;
    }
}
