using System.Net;
using System.Net.Sockets;
using SecureAgent.Channels.Windows;
using SecureAgent.Core;

namespace SecureAgent.Channels.Cygwin;

/// <summary>A TCP listener on 127.0.0.1 and the file that tells its port and secret.</summary>
internal sealed class CygwinListener : IDisposable
{
    /// <summary>How long a listener that may be live has to show that it knows the secret.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(2);

    private readonly string _path;

    private CygwinListener(Socket socket, string path, CygwinSocketFile file) =>
        (Socket, _path, File) = (socket, path, file);

    /// <summary>The listening socket.</summary>
    public Socket Socket { get; }

    /// <summary>What stands in the file.</summary>
    public CygwinSocketFile File { get; }

    /// <summary>Listens on a port that the system chooses and writes the file, whose directory is made if it is
    /// missing. A file whose listener has gone is replaced.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="peers">Tells who has it, if somebody has.</param>
    /// <param name="time">The clock of the probe.</param>
    /// <exception cref="ChannelException">The place is taken; the message says by whom.</exception>
    public static async ValueTask<CygwinListener> OpenAsync(string path, ITcpPeers peers, TimeProvider time)
    {
        Socket? socket = null;
        try
        {
            CreateDirectory(path);
            await RemoveStaleAsync(path, peers, time).ConfigureAwait(false);
#pragma warning disable CA2000 // The listener owns it, or it is disposed below.
            socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
#pragma warning restore CA2000
            socket.ExclusiveAddressUse = true;
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            socket.Listen(); // As many as the system lets wait.
            CygwinSocketFile file = CygwinSocketFile.Create(((IPEndPoint)socket.LocalEndPoint!).Port);
            Write(path, file);
            return new CygwinListener(socket, path, file);
        }
        catch (Exception exception)
        {
            socket?.Dispose();
            if (exception is IOException or UnauthorizedAccessException or SocketException)
            {
                throw new ChannelException($"Cannot listen on {path}: {exception.Message}", exception);
            }

            throw;
        }
    }

    /// <summary>Stops listening and removes the file, unless another agent has replaced it.</summary>
    public void Dispose()
    {
        try
        {
            if (CygwinSocketFile.TryRead(_path)?.IsSameAs(File) == true)
            {
                Remove(_path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Gone, or closed to us now; the next agent finds it stale.
        }

        Socket.Dispose();
    }

    private static void CreateDirectory(string path)
    {
        // The caller made the path absolute.
        string directory = Path.GetDirectoryName(path)
            ?? throw new ChannelException($"{path} is a directory and cannot be a socket. Choose another path.");
        if (OperatingSystem.IsWindows())
        {
            OwnerOnlyFile.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(
                directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Removes a file whose listener does not answer, which only connecting shows: its port may be another
    /// program's by now.</summary>
    private static async ValueTask RemoveStaleAsync(string path, ITcpPeers peers, TimeProvider time)
    {
        if (!Path.Exists(path))
        {
            return;
        }

        CygwinSocketFile file = CygwinSocketFile.TryRead(path)
            ?? throw new ChannelException(
                $"{path} exists and is not a Cygwin socket. Remove it, or choose another path.");
        using CancellationTokenSource patience = new(ProbePatience, time);
        try
        {
            using Socket? live = await CygwinClient.ConnectAsync(file, time, patience.Token).ConfigureAwait(false);
            if (live is not null)
            {
                TcpPeer holder = await peers.FindAsync(
                    (IPEndPoint)live.RemoteEndPoint!, (IPEndPoint)live.LocalEndPoint!).ConfigureAwait(false);
                string who = holder.ProcessId is not { } pid
                    ? "another program"
                    : peers.ProcessesOf(pid) is [PeerProcess first, ..]
                        ? $"{first.ImagePath} (pid {pid})"
                        : $"pid {pid}";
                throw new ChannelException(
                    $"{path} is served already, by {who}. Stop it, or choose another path.");
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // Nobody listens, or somebody who does not speak this.
        }

        Remove(path);
    }

    /// <summary>Writes the file so that whoever can open it finds it complete: it is not shared until it is closed. A
    /// client takes it for a socket by its SYSTEM attribute.</summary>
    private static void Write(string path, CygwinSocketFile file)
    {
        using (FileStream stream = Create(path))
        {
            stream.Write(file.Format());
        }

        System.IO.File.SetAttributes(path, FileAttributes.System);
    }

    private static FileStream Create(string path) => OperatingSystem.IsWindows()
        ? OwnerOnlyFile.Create(path)
        : new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

    /// <summary>Removes the file, which some agents also make read-only.</summary>
    private static void Remove(string path)
    {
        System.IO.File.SetAttributes(path, FileAttributes.Normal);
        System.IO.File.Delete(path);
    }
}
