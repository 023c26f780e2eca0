using System.Globalization;
using SecureAgent.Core;

namespace SecureAgent.Channels.UnixSocket;

/// <summary>Reads a process and its ancestors from /proc, for display only: a process id can be reused.</summary>
internal static class ProcessTree
{
    private const int MaxDepth = 16;

    /// <summary>The process and its ancestors, nearest first, without init; empty if it has ended.</summary>
    public static IReadOnlyList<PeerProcess> Read(int processId)
    {
        List<PeerProcess> chain = [];
        int next = processId;
        while (next > 1 && chain.Count < MaxDepth && ReadParent(next) is { } parent)
        {
            chain.Add(parent.Process);
            next = parent.ParentId;
        }

        return chain;
    }

    private static (int ParentId, PeerProcess Process)? ReadParent(int processId)
    {
        try
        {
            // proc(5): pid (comm) state ppid pgrp session … starttime …, where comm may itself hold spaces and
            // parentheses; starttime is the 22nd field.
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            int open = stat.IndexOf('(', StringComparison.Ordinal);
            int close = stat.LastIndexOf(')');
            string[] fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string image = ReadImagePath(processId) ?? stat[(open + 1)..close];
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), new PeerProcess(processId, image)
            {
                SessionId = int.Parse(fields[3], CultureInfo.InvariantCulture),
                StartTime = long.Parse(fields[19], CultureInfo.InvariantCulture),
            });
        }
        catch (IOException)
        {
            return null; // It has ended.
        }
        catch (UnauthorizedAccessException)
        {
            return null; // Another user's, and /proc is mounted with hidepid.
        }
    }

    private static string? ReadImagePath(int processId)
    {
        try
        {
            return new FileInfo($"/proc/{processId}/exe").LinkTarget;
        }
        catch (IOException)
        {
            return null; // A kernel thread, or it has ended.
        }
        catch (UnauthorizedAccessException)
        {
            return null; // Another user's, or one that forbids being looked at, as ssh-agent does.
        }
    }
}
