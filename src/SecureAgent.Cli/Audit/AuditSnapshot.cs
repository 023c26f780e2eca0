using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Cli.Audit;

/// <summary>The files of an audit log at one moment between two writes. What agents write or rename later does not
/// change what is read here.</summary>
internal sealed class AuditSnapshot : IDisposable
{
    private AuditSnapshot(IReadOnlyList<AuditSnapshotFile> files) => Files = files;

    /// <summary>The files, oldest first.</summary>
    public IReadOnlyList<AuditSnapshotFile> Files { get; }

    /// <summary>Takes it.</summary>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static AuditSnapshot Take(AuditFiles names)
    {
        using SafeFileHandle? taken = TakeLock(names);
        List<AuditSnapshotFile> files = [];
        try
        {
            foreach (string path in names.OldestFirst())
            {
                files.Add(new AuditSnapshotFile(path));
            }

            return new AuditSnapshot([.. files]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AuditSnapshotFile file in Files)
        {
            file.Dispose();
        }
    }

    // Copies of a log have no lock, and somebody else's cannot be taken; then nobody writes, or the last line may look
    // incomplete.
    private static SafeFileHandle? TakeLock(AuditFiles names)
    {
        try
        {
            return File.Exists(names.Lock) ? AuditStorage.Lock(names.Lock) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
