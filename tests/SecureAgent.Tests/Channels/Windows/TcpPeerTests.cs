using System.Net;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Tests.Channels.Windows;

public sealed class TcpPeerTests
{
    private static readonly IPEndPoint Client = new(IPAddress.Loopback, 0x1234);
    private static readonly IPEndPoint Server = new(IPAddress.Loopback, 0xC001);

    // MIB_TCPTABLE_OWNER_PID as iphlpapi.h has it, written down by hand: two rows, the server's end and the client's.
    private static readonly byte[] Table =
    [
        2, 0, 0, 0,
        5, 0, 0, 0, 127, 0, 0, 1, 0xC0, 0x01, 0, 0, 127, 0, 0, 1, 0x12, 0x34, 0, 0, 77, 0, 0, 0,
        5, 0, 0, 0, 127, 0, 0, 1, 0x12, 0x34, 0xFF, 0xFF, 127, 0, 0, 1, 0xC0, 0x01, 0xFF, 0xFF, 0x39, 0x30, 0, 0,
    ];

    [Fact]
    public void End_of_a_connection_is_found_by_both_addresses_and_ports()
    {
        Assert.Equal(new TcpOwner(5, 12345), TcpOwner.Find(Table, Client, Server));
        Assert.Equal(new TcpOwner(5, 77), TcpOwner.Find(Table, Server, Client));
        Assert.Null(TcpOwner.Find(Table, Client, new IPEndPoint(IPAddress.Loopback, 0xC002)));
        Assert.Null(TcpOwner.Find(Table, new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0x1234), Server));
    }

    [Fact]
    public void Rows_that_are_not_there_are_not_read()
    {
        Assert.Null(TcpOwner.Find(Table.AsSpan(0, Table.Length - 1), Client, Server));
        byte[] one = [1, .. Table[1..]];
        Assert.Null(TcpOwner.Find(one, Client, Server));
    }

    [Theory]
    [InlineData(5, 12345, "S-1-5-21-1", true)] // This user's.
    [InlineData(5, 4, "S-1-5-18", true)] // The system's.
    [InlineData(5, 12345, "S-1-5-21-2", false)]
    [InlineData(5, 12345, null, false)] // May not be asked.
    [InlineData(11, 12345, "S-1-5-21-1", true)]
    [InlineData(11, 0, null, false)] // Closed: TIME_WAIT has no process any more.
    [InlineData(8, 0, null, false)] // CLOSE_WAIT
    [InlineData(5, 0, null, true)] // A guest of this system's loopback; the secret decides.
    public void Process_has_to_be_the_users_or_the_systems(int state, int processId, string? user, bool trusted)
    {
        TcpPeer peer = TcpPeer.Judge(new TcpOwner((uint)state, processId), user, "S-1-5-21-1");
        Assert.Equal(trusted, peer.IsTrusted);
        Assert.Equal(processId == 0 ? null : processId, peer.ProcessId);
    }

    [Fact]
    public void Connection_that_the_system_does_not_know_is_refused() =>
        Assert.False(TcpPeer.Judge(null, null, "S-1-5-21-1").IsTrusted);
}
