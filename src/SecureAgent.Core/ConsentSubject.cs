using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>What one answer of the person covers: the same key, for the same purpose and destination, asked by the same
/// process tree.</summary>
/// <param name="Key">The key's blob.</param>
/// <param name="Purpose">What is signed and for which host, in words; of data without meaning, its SHA-256 too, because
/// the words do not tell one from another.</param>
/// <param name="Tree">The process tree.</param>
internal readonly record struct ConsentSubject(KeyBlob Key, string Purpose, ConsentSubject.ProcessTree Tree)
{
    /// <summary>A process tree, named by its topmost process that is still in the peer's session (a terminal's shell,
    /// or a program that the desktop started).</summary>
    /// <param name="Channel">The channel it uses.</param>
    /// <param name="User">Its user.</param>
    /// <param name="RootId">Process id of the root; 0 if it is not known.</param>
    /// <param name="RootStartTime">When the root started, so that a reused process id is another tree.</param>
    internal readonly record struct ProcessTree(string Channel, string? User, int RootId, long RootStartTime)
    {
        /// <summary>Whether it is known which tree it is.</summary>
        public bool IsKnown => RootId != 0;

        /// <summary>The tree of <paramref name="peer"/>.</summary>
        public static ProcessTree Of(PeerInfo peer)
        {
            PeerProcess? root = null;
            foreach (PeerProcess process in peer.Processes)
            {
                if (root is not null && process.SessionId != root.SessionId)
                {
                    break;
                }

                root = process;
            }

            return new ProcessTree(
                peer.Channel, peer.User, root is { StartTime: > 0 } ? root.ProcessId : 0, root?.StartTime ?? 0);
        }
    }
}
