using Microsoft.Win32.SafeHandles;
using SecureAgent.Core;

namespace SecureAgent.Cli.Audit;

/// <summary>Appends records to the files of an audit log. Several agents of one user may do so at the same time: every
/// call takes the lock, opens the file by its name, and continues whatever chain it finds there.</summary>
internal sealed class AuditJournal : IDisposable
{
    /// <summary>A file that has reached this size is made an older one.</summary>
    public const long DefaultLimitBytes = 10 * 1024 * 1024;

    // One write is about this long at most: long enough that a write costs nothing per record.
    private const int WriteBytes = 256 * 1024;

    private readonly AuditFiles _files;
    private readonly long _limitBytes;
    private readonly TimeProvider _time;
    private readonly AuditLines _lines = new();
    private AuditHead? _head;

    /// <summary>Names the files; nothing is read or made yet.</summary>
    /// <param name="files">The files.</param>
    /// <param name="limitBytes">The size at which a file is full.</param>
    /// <param name="time">The clock.</param>
    public AuditJournal(AuditFiles files, long limitBytes, TimeProvider time) =>
        (_files, _limitBytes, _time) = (files, limitBytes, time);

    /// <summary>The file that grows.</summary>
    public string Path => _files.Current;

    /// <summary>Makes what is missing, and notes an incomplete line that a crash left.</summary>
    /// <exception cref="IOException">Records cannot be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Open()
    {
        AuditStorage.RequireDirectoryOf(_files.Current);
        using SafeFileHandle taken = AuditStorage.Lock(_files.Lock);
        OpenCurrent().Dispose();
    }

    /// <summary>Appends records, in one write.</summary>
    /// <param name="records">At least one.</param>
    /// <returns>How many were written: the first so many.</returns>
    /// <exception cref="IOException">None was.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public int Append(ReadOnlySpan<AuditRecord> records)
    {
        AuditStorage.RequireDirectoryOf(_files.Current);
        using SafeFileHandle taken = AuditStorage.Lock(_files.Lock);
        using SafeFileHandle file = OpenCurrent();
        int count = 0;
        while (count < records.Length && _lines.Bytes.Length < WriteBytes)
        {
            _lines.Add(records[count++]);
        }

        WriteLines(file);
        return count;
    }

    /// <summary>Appends the record of records that were lost.</summary>
    /// <exception cref="IOException">It was not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Append(AuditLoss loss)
    {
        AuditStorage.RequireDirectoryOf(_files.Current);
        using SafeFileHandle taken = AuditStorage.Lock(_files.Lock);
        using SafeFileHandle file = OpenCurrent();
        _lines.AddLost(_time.GetUtcNow(), loss);
        WriteLines(file);
    }

    /// <summary>Brings what was written to the disk.</summary>
    /// <exception cref="IOException">That failed.</exception>
    public void Flush()
    {
        using SafeFileHandle? file = AuditStorage.OpenExisting(_files.Current);
        if (file is not null)
        {
            RandomAccess.FlushToDisk(file);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lines.Dispose();

    /// <summary>Opens the current file, ready for the lines that continue it; makes the next one if it is full or not
    /// there.</summary>
    private SafeFileHandle OpenCurrent()
    {
        SafeFileHandle? file = AuditStorage.OpenExisting(_files.Current);
        try
        {
            if (file is null || RandomAccess.GetLength(file) == 0)
            {
                AdoptRotated();
            }
            else if (!AdoptCurrent(file) || RandomAccess.GetLength(file) >= _limitBytes)
            {
                RandomAccess.FlushToDisk(file);
                file.Dispose(); // Windows renames no open file that was opened by others.
                foreach (string _ in _files.MoveAway())
                {
                    // Each step is done when it is asked for.
                }
            }
            else
            {
                _lines.Continue(_head!); // AdoptCurrent found one.
                SafeFileHandle current = file;
                file = null;
                return current;
            }
        }
        finally
        {
            file?.Dispose();
        }

        return StartFile();
    }

    // False if the file's last line is not as it was written: no chain can be continued there.
    private bool AdoptCurrent(SafeFileHandle file)
    {
        if (_head is not null && AuditTail.Is(file, _head))
        {
            return true;
        }

        AuditTail tail = AuditTail.Read(file);
        if (AuditLine.TryRead(tail.Torn.Span, out AuditLine unended))
        {
            // Only its line end was not written.
            Adopt(new AuditHead(unended.Sequence, unended.Hash));
            RandomAccess.Write(file, "\n"u8, RandomAccess.GetLength(file));
            return true;
        }

        if (tail.Head is null)
        {
            return false;
        }

        Adopt(tail.Head);
        if (!tail.Torn.IsEmpty)
        {
            _lines.Continue(_head!);
            _lines.AddTorn(_time.GetUtcNow(), tail.Torn.Length, tail.TornSha256);
            WriteLines(file);
        }

        return true;
    }

    private void AdoptRotated()
    {
        string? youngest = _files.OldestFirst().LastOrDefault(path => path != _files.Current);
        using SafeFileHandle? file = youngest is null ? null : AuditStorage.OpenExisting(youngest);
        if (file is not null && AuditTail.Read(file).Head is AuditHead head)
        {
            Adopt(head);
        }
    }

    // What this process wrote last is the truth, unless another one has gone on from there: if records are gone from
    // the file, the next one does not fit to what is left, and verification shows it.
    private void Adopt(AuditHead found)
    {
        if (_head is null || found.Sequence > _head.Sequence)
        {
            _head = found;
        }
    }

    // The file gets its name when its first line is on the disk, so that no crash leaves one without.
    private SafeFileHandle StartFile()
    {
        File.Delete(_files.Next);
        SafeFileHandle file = AuditStorage.Create(_files.Next);
        try
        {
            _lines.Continue(_head ?? AuditHead.None);
            _lines.AddBegin(_time.GetUtcNow());
            AuditHead head = _lines.Head;
            RandomAccess.Write(file, _lines.Bytes, 0);
            RandomAccess.FlushToDisk(file);
            File.Move(_files.Next, _files.Current, overwrite: true); // Only an empty one can be in the way.
            AuditStorage.FlushDirectoryOf(_files.Current);
            _head = head;
            _lines.Continue(head);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void WriteLines(SafeFileHandle file)
    {
        long end = RandomAccess.GetLength(file);
        try
        {
            RandomAccess.Write(file, _lines.Bytes, end);
        }
        catch (IOException)
        {
            Shorten(file, end);
            throw;
        }

        _head = _lines.Head;
        _lines.Continue(_head);
    }

    // A full disk takes the first part of a write. If that part cannot be taken back, it is found and noted as a torn
    // line later, and whole records in it are there twice: better than not at all.
    private static void Shorten(SafeFileHandle file, long end)
    {
        try
        {
            RandomAccess.SetLength(file, end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk takes nothing at all.
        }
    }
}
