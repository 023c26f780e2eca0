using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Cli.Audit;

/// <summary>Reads a part of a file line by line.</summary>
internal sealed class AuditLineReader
{
    // Longer than one write of an agent, and so than any line that one left.
    private const int LongestLine = 1024 * 1024;
    private const int FirstBytes = 64 * 1024;

    private readonly SafeFileHandle _file;
    private readonly long _end;
    private byte[] _buffer = new byte[FirstBytes];
    private long _offset;
    private int _start;
    private int _filled;
    private int _length;

    /// <summary>Reads from <paramref name="offset"/>, the beginning of a line, to <paramref name="end"/>.</summary>
    public AuditLineReader(SafeFileHandle file, long offset, long end) =>
        (_file, _offset, _end, LineStart) = (file, offset, end, offset);

    /// <summary>The line without its line end.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_start, _length);

    /// <summary>Whether the line has its line end.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Its number; 1 for the first.</summary>
    public int Number { get; private set; }

    /// <summary>Where in the file it begins.</summary>
    public long LineStart { get; private set; }

    /// <summary>Goes to the next line. One that is longer than any record is given in pieces, which are none
    /// either.</summary>
    /// <returns>False after the last.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool Next()
    {
        if (Number > 0)
        {
            int passed = _length + (IsComplete ? 1 : 0);
            _start += passed;
            LineStart += passed;
        }

        int searched = 0;
        while (true)
        {
            int lineEnd = _buffer.AsSpan(_start + searched, _filled - _start - searched).IndexOf((byte)'\n');
            IsComplete = lineEnd >= 0;
            _length = IsComplete ? searched + lineEnd : _filled - _start;
            searched = _length;
            if (IsComplete || _length >= LongestLine || !Fill())
            {
                bool any = IsComplete || _length > 0;
                Number += any ? 1 : 0;
                return any;
            }
        }
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _filled - _start).CopyTo(_buffer);
            _filled -= _start;
            _start = 0;
        }

        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, LongestLine));
        }

        int wanted = (int)Math.Min(_buffer.Length - _filled, _end - _offset);
        int read = wanted == 0 ? 0 : RandomAccess.Read(_file, _buffer.AsSpan(_filled, wanted), _offset);
        _filled += read;
        _offset += read;
        return read > 0;
    }
}
