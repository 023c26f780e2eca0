using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using SecureAgent.Channels.Cygwin;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Tests.Channels.Cygwin;

[SupportedOSPlatform("windows")]
public sealed class CygwinOnWindowsTests
{
    [Fact]
    public async Task System_tells_the_process_and_user_of_a_client()
    {
        Requires.Windows("the owners of TCP connections");
        await using ServedCygwin served = await ServedCygwin.StartAsync(asksWindows: true);
        using CygwinTestClient client = CygwinTestClient.Open(served.Socket);
        Assert.Equal(1, client.List());
        await using Stream stream = await new CygwinDialer(served.Socket, TimeProvider.System)
            .ConnectAsync(TestContext.Current.CancellationToken);
        Assert.Empty(served.Log.Events);
    }

    [Fact]
    public async Task Either_end_of_a_connection_is_found_by_its_process_and_user()
    {
        Requires.Windows("the owners of TCP connections");
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient client = new(AddressFamily.InterNetwork); // As Cygwin does; the default is of both families.
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using Socket accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        IPEndPoint theirs = (IPEndPoint)accepted.RemoteEndPoint!;
        IPEndPoint ours = (IPEndPoint)accepted.LocalEndPoint!;
        TcpPeer self = Requires.IsWine
            ? new TcpPeer(null, null, IsTrusted: true) // Its table names no processes.
            : new TcpPeer(Environment.ProcessId, WindowsUser.Current.Sid, IsTrusted: true);
        Assert.Equal(self, await new WindowsTcpPeers().FindAsync(theirs, ours));
        Assert.Equal(self, await new WindowsTcpPeers().FindAsync(ours, theirs));
    }

    [Fact]
    public async Task File_has_the_descriptor_of_its_owner_alone()
    {
        Requires.Windows("the owners of TCP connections");
        await using ServedCygwin served = await ServedCygwin.StartAsync(asksWindows: true);
        FileSecurity security = new FileInfo(served.Socket).GetAccessControl(
            AccessControlSections.Owner | AccessControlSections.Access);
        string sid = WindowsUser.Current.Sid;
        foreach (FileSystemAccessRule rule in security.GetAccessRules(
            includeExplicit: true, includeInherited: true, typeof(System.Security.Principal.SecurityIdentifier)))
        {
            Assert.True(
                rule.AccessControlType == AccessControlType.Deny
                || rule.IdentityReference.Value == sid
                || rule.IdentityReference.Value == WindowsUser.LocalSystemSid,
                $"{rule.IdentityReference.Value} has {rule.FileSystemRights}.");
        }
    }
}
