using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace SecureAgent.Tests.Backends.Software;

/// <summary>Looks for pieces of secrets in all memory of a process. What it looks for it keeps masked, so that it does
/// not find itself.</summary>
/// <param name="process">Whose memory, as in /proc: a process id, or <c>self</c>.</param>
internal sealed unsafe class MemoryScan(string process = "self") : IDisposable
{
    private const int PieceBytes = 16;
    private const int BufferBytes = 4 * 1024 * 1024;
    private const ulong Mask = 0xA5C3_96F0_1B2D_4E78;

    private readonly Dictionary<ulong, List<(ulong Second, string Name)>> _pieces = [];
    private readonly bool* _starts = (bool*)NativeMemory.AllocZeroed(1 << 16);
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(BufferBytes, 4096);

    /// <summary>Adds every 16 bytes of a secret, in the order given and reversed, as numbers stand in memory.</summary>
    public void Add(string name, ReadOnlySpan<byte> secret)
    {
        for (int start = 0; start + PieceBytes <= secret.Length; start += PieceBytes)
        {
            ReadOnlySpan<byte> piece = secret.Slice(start, PieceBytes);
            ulong first = BinaryPrimitives.ReadUInt64LittleEndian(piece);
            ulong second = BinaryPrimitives.ReadUInt64LittleEndian(piece[8..]);
            AddPiece(name, first, second);
            AddPiece(
                name + " reversed",
                BinaryPrimitives.ReverseEndianness(second),
                BinaryPrimitives.ReverseEndianness(first));
        }
    }

    /// <summary>Where pieces were found, each as its name and its mapping's file and flags.</summary>
    public List<string> Find()
    {
        List<string> found = [];
        using Microsoft.Win32.SafeHandles.SafeFileHandle memory = File.OpenHandle($"/proc/{process}/mem");
        foreach ((nint start, nint end, string flags) in Mappings())
        {
            for (nint at = start; at < end; at += BufferBytes - PieceBytes)
            {
                int wanted = (int)Math.Min(BufferBytes, end - at);
                try
                {
                    int read = RandomAccess.Read(memory, new Span<byte>(_buffer, wanted), at);
                    Search(read, at, flags, found);
                }
                catch (IOException)
                {
                    // Pages that cannot be read, or were given back since they were listed.
                }
            }
        }

        NativeMemory.Clear(_buffer, BufferBytes);
        return found;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_buffer);
        NativeMemory.Free(_starts);
    }

    private void AddPiece(string name, ulong first, ulong second)
    {
        _starts[(ushort)first] = true;
        if (!_pieces.TryGetValue(first ^ Mask, out List<(ulong Second, string Name)>? seconds))
        {
            _pieces.Add(first ^ Mask, seconds = []);
        }

        seconds.Add((second ^ Mask, name));
    }

    private void Search(int length, nint address, string flags, List<string> found)
    {
        for (int i = 0; i <= length - PieceBytes; i++)
        {
            while (i < length - (2 * PieceBytes) && *(ulong*)(_buffer + i) == 0 && *(ulong*)(_buffer + i + 8) == 0)
            {
                i += sizeof(ulong); // Much of memory is zero, and no piece begins with eight zeros.
            }

            if (_starts[*(ushort*)(_buffer + i)]
                && _pieces.TryGetValue(*(ulong*)(_buffer + i) ^ Mask, out List<(ulong Second, string Name)>? seconds))
            {
                foreach ((ulong second, string name) in seconds)
                {
                    if ((*(ulong*)(_buffer + i + 8) ^ Mask) == second && !IsBuffer(address + i))
                    {
                        found.Add($"{name}: {flags}");
                    }
                }
            }
        }
    }

    private bool IsBuffer(nint address) =>
        process == "self" && address >= (nint)_buffer - PieceBytes && address < (nint)_buffer + BufferBytes;

    /// <summary>Writable mappings with memory in them, and their flags; proc(5).</summary>
    private List<(nint Start, nint End, string Flags)> Mappings()
    {
        List<(nint, nint, string)> mappings = [];
        (nint Start, nint End, string Name) current = default;
        bool resident = false;
        foreach (string line in File.ReadAllLines($"/proc/{process}/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] range = words[0].Split('-');
            if (range.Length == 2 && nint.TryParse(range[0], NumberStyles.HexNumber, null, out nint start))
            {
                current = words[1].StartsWith("rw", StringComparison.Ordinal)
                    ? (start, nint.Parse(range[1], NumberStyles.HexNumber), words.Length > 5 ? words[5] : "")
                    : default;
            }
            else if (words[0] is "Rss:" or "Swap:")
            {
                resident = words[1] != "0" || (words[0] == "Swap:" && resident);
            }
            else if (words[0] == "VmFlags:" && resident && current.End != 0)
            {
                mappings.Add((current.Start, current.End, $"{current.Name} {string.Join(' ', words[1..])}"));
            }
        }

        return mappings;
    }
}
