using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace SecureAgent.Channels.Windows;

/// <summary>One end of a TCP connection as the system's table has it.</summary>
/// <param name="State">MIB_TCP_STATE: 5 is an established connection.</param>
/// <param name="ProcessId">The process that has it; 0 if it is none of this system's.</param>
internal readonly record struct TcpOwner(uint State, int ProcessId)
{
    private const int RowSizeBytes = 24;

    /// <summary>Looks for the end of a connection.</summary>
    /// <param name="table">MIB_TCPTABLE_OWNER_PID of IPv4: uint32 number of rows, and in each row uint32 state, local
    /// address, local port, remote address, remote port, process id. Addresses and ports stand in the order of the
    /// network, the ports in the first two of their four bytes, the rest in that of the processor.</param>
    /// <param name="local">The end that is looked for, IPv4.</param>
    /// <param name="remote">Its other end, IPv4.</param>
    /// <returns><see langword="null"/> if there is no such connection.</returns>
    public static TcpOwner? Find(ReadOnlySpan<byte> table, IPEndPoint local, IPEndPoint remote)
    {
        Span<byte> wanted = stackalloc byte[16];
        Write(wanted, local);
        Write(wanted[8..], remote);
        uint rows = MemoryMarshal.Read<uint>(table);
        table = table[sizeof(uint)..];
        for (; rows > 0 && table.Length >= RowSizeBytes; rows--, table = table[RowSizeBytes..])
        {
            ReadOnlySpan<byte> ends = table.Slice(sizeof(uint), wanted.Length);
            if (ends[..6].SequenceEqual(wanted[..6]) && ends[8..14].SequenceEqual(wanted[8..14]))
            {
                return new TcpOwner(MemoryMarshal.Read<uint>(table), MemoryMarshal.Read<int>(table[20..]));
            }
        }

        return null;
    }

    private static void Write(Span<byte> end, IPEndPoint endpoint)
    {
        endpoint.Address.TryWriteBytes(end, out _);
        BinaryPrimitives.WriteUInt16BigEndian(end[4..], (ushort)endpoint.Port);
    }
}
