using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using SecureAgent.Core;

namespace SecureAgent.Channels.Windows;

/// <summary>Asks Windows, by its table of TCP connections and the tokens of processes.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsTcpPeers : ITcpPeers
{
    private const string AdministratorsSid = "S-1-5-32-544";
    private const uint AF_INET = 2;
    private const int TCP_TABLE_OWNER_PID_CONNECTIONS = 4;
    private const uint ERROR_INSUFFICIENT_BUFFER = 122;

    /// <summary>Room for some 1300 connections. Asking for the size first would cost as much as reading.</summary>
    private const uint UsualSizeBytes = 32 * 1024;

    // Reading takes as long as there are connections in the whole system, and many clients may come at once.
    private static readonly SharedRead<byte[]> Table = new(ReadTable);

    /// <inheritdoc/>
    public async Task<TcpPeer> FindAsync(IPEndPoint peer, IPEndPoint own)
    {
        TcpOwner? owner = TcpOwner.Find(await Table.ReadAsync().ConfigureAwait(false), peer, own);
        string? user = owner is { ProcessId: > 0 and var pid } ? WindowsProcess.UserOf(pid) : null;

        // The same process still has the connection: its id was not another's while the user was read.
        TcpOwner? still = user is null
            ? owner
            : TcpOwner.Find(await Table.ReadAsync().ConfigureAwait(false), peer, own);
        return TcpPeer.Judge(still?.ProcessId == owner?.ProcessId ? owner : null, user, WindowsUser.Current.Sid);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PeerProcess> ProcessesOf(int processId) => WindowsProcess.ChainOf(processId);

    /// <inheritdoc/>
    public string? DistrustOf(string path)
    {
        FileSecurity security = new(path, AccessControlSections.Owner);
        string? owner = (security.GetOwner(typeof(SecurityIdentifier)) as SecurityIdentifier)?.Value;
        WindowsUser user = WindowsUser.Current;
        return owner == user.Sid || owner == user.OwnerSid
            || owner is WindowsUser.LocalSystemSid or AdministratorsSid
            ? null
            : $"it belongs to {owner ?? "nobody"}";
    }

    private static byte[] ReadTable()
    {
        uint size = UsualSizeBytes;
        byte[] table;
        uint result;
        do
        {
            table = new byte[size];
            result = GetExtendedTcpTable(
                table, ref size, order: 0, AF_INET, TCP_TABLE_OWNER_PID_CONNECTIONS, reserved: 0);
            size += UsualSizeBytes; // For those that are added until it is read again.
        }
        while (result == ERROR_INSUFFICIENT_BUFFER);
        return result == 0 ? table : throw new Win32Exception((int)result);
    }

    [LibraryImport("iphlpapi")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint GetExtendedTcpTable(
        Span<byte> table, ref uint size, int order, uint family, int tableClass, uint reserved);
}
