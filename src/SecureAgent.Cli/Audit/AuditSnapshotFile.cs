using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Cli.Audit;

/// <summary>One file of a snapshot.</summary>
internal sealed class AuditSnapshotFile : IDisposable
{
    private readonly SafeFileHandle _file;

    /// <summary>Opens a file as it is now.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public AuditSnapshotFile(string path)
    {
        Path = path;
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Length = RandomAccess.GetLength(_file);
    }

    /// <summary>Where it was.</summary>
    public string Path { get; }

    /// <summary>How long it was, in bytes.</summary>
    public long Length { get; }

    /// <summary>Its lines.</summary>
    /// <param name="offset">Where a line begins.</param>
    public AuditLineReader ReadLines(long offset = 0) => new(_file, offset, Length);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
