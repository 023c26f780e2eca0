using System.IO.MemoryMappedFiles;
using System.Runtime.Versioning;
using System.Security.Principal;
using System.Text;

namespace SecureAgent.Cli.Hosting;

/// <summary>The one agent of a user's session. It is known by a named section of memory, which holds its endpoints and
/// disappears with the process, however that ends.</summary>
[SupportedOSPlatform("windows")]
internal sealed class AgentInstance : IDisposable
{
    private const int SizeBytes = 64 * 1024;
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly MemoryMappedFile _section;

    private AgentInstance(MemoryMappedFile section, bool isFirst) => (_section, IsFirst) = (section, isFirst);

    /// <summary>Whether this process is the agent.</summary>
    public bool IsFirst { get; }

    /// <summary>Name for the agent of the user who runs this process.</summary>
    public static string Name()
    {
        using WindowsIdentity user = WindowsIdentity.GetCurrent();
        return $@"Local\secure-agent.{user.User!.Value}";
    }

    /// <summary>Becomes the agent of that name, or finds the one that is.</summary>
    /// <exception cref="UnauthorizedAccessException">Another user's program has taken the name.</exception>
    public static AgentInstance Claim(string name)
    {
#pragma warning disable CA2000 // The instance disposes them.
        while (true)
        {
            try
            {
                return new AgentInstance(MemoryMappedFile.CreateNew(name, SizeBytes), isFirst: true);
            }
            catch (IOException)
            {
                // It exists.
            }

            try
            {
                return new AgentInstance(
                    MemoryMappedFile.OpenExisting(name, MemoryMappedFileRights.Read), isFirst: false);
            }
            catch (FileNotFoundException)
            {
                // It ended in between.
            }
        }
#pragma warning restore CA2000
    }

    /// <summary>Tells where the agent serves.</summary>
    /// <param name="lines">One endpoint each.</param>
    public void Publish(IReadOnlyList<string> lines)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        using MemoryMappedViewAccessor view = _section.CreateViewAccessor();
        view.WriteArray(sizeof(int), text, 0, Math.Min(text.Length, SizeBytes - sizeof(int)));
        // The length is last: who sees it sees the text.
        Thread.MemoryBarrier();
        view.Write(0, text.Length);
    }

    /// <summary>What the first told; empty if it is still about to start after a while.</summary>
    public async Task<IReadOnlyList<string>> ReadAsync(CancellationToken ct)
    {
        using MemoryMappedViewAccessor view = _section.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        long start = TimeProvider.System.GetTimestamp();
        while (view.ReadInt32(0) == 0 && TimeProvider.System.GetElapsedTime(start) < LongestStart)
        {
            await Task.Delay(Pause, ct).ConfigureAwait(false);
        }

        byte[] text = new byte[Math.Clamp(view.ReadInt32(0), 0, SizeBytes - sizeof(int))];
        view.ReadArray(sizeof(int), text, 0, text.Length);
        return Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Is not the agent any more.</summary>
    public void Dispose() => _section.Dispose();
}
