using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace SecureAgent.Tests.HwSim;

/// <summary>A real pcscd with virtual readers (vpcd), apart from the machine's own: it runs in a mount namespace of its
/// own, where /run/pcscd is its alone, and clients reach it through /proc.</summary>
/// <remarks>Each name of a reader makes two, "NAME 00 00" and "NAME 00 01". A card is put in by connecting to the
/// reader's port, and taken out by closing the connection.</remarks>
internal sealed partial class PcscDaemon : IDisposable
{
    /// <summary>What ykman, yubico-piv-tool and ykcs11 take for a YubiKey.</summary>
    public const string YubiKey = "Yubico YubiKey OTP+FIDO+CCID";

    /// <summary>The name of pcscd's socket in its directory.</summary>
    public const string SocketName = "pcscd.comm";

    private const string Driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
    private const int SIGTERM = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Below the ports that connections are given, so that no connection of anybody has one of them.
    private static int _nextPort = 20_000 + (2 * Random.Shared.Next(3_000));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pcscd-");
    private readonly string[] _names;
    private Process? _process;

    /// <summary>Starts pcscd and waits until it serves, or skips the test where it cannot be started.</summary>
    /// <param name="names">The readers' names; one YubiKey without any.</param>
    public PcscDaemon(params string[] names)
    {
        Requires.Tool("pcscd");
        Requires.File(Driver, "vsmartcard-vpcd");
        Requires.Tool("unshare");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A pcscd apart from the machine's own needs root.");
        Directory.CreateDirectory("/run/pcscd"); // what the daemon's own is mounted on, where no pcscd ever ran
        _names = names is [] ? [YubiKey] : names;
        Start();
    }

    /// <summary>The directory of <see cref="SocketPath"/>, in which the socket appears when the daemon
    /// serves.</summary>
    public string DirectoryPath => _directory.FullName;

    /// <summary>The name by which clients find the daemon, the same after a restart.</summary>
    public string SocketPath => Path.Combine(DirectoryPath, SocketName);

    /// <summary>Makes clients of PC/SC use this daemon.</summary>
    public IReadOnlyDictionary<string, string> Environs =>
        new Dictionary<string, string> { ["PCSCLITE_CSOCK_NAME"] = SocketPath };

    /// <summary>The readers in the daemon's order, with the TCP port of 127.0.0.1 at which each waits for its
    /// card.</summary>
    public IReadOnlyList<(string Name, int Port)> Readers { get; private set; } = [];

    /// <summary>The process id of pcscd.</summary>
    public int Id => _process!.Id;

    /// <summary>Starts it again after <see cref="Stop"/> or <see cref="Kill"/>, with the same readers at the same
    /// ports.</summary>
    public void Start()
    {
        Assert.Null(_process);
        string configuration = Path.Combine(_directory.FullName, "reader.conf.d");
        Directory.CreateDirectory(configuration);
        long deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        bool isFirst = Readers is [];
        while (true)
        {
            if (isFirst)
            {
                Readers = [.. _names.SelectMany(NewReaders)];
                File.WriteAllText(Path.Combine(configuration, "vpcd"), Configuration());
            }

            ProcessStartInfo start = new(Requires.Tool("unshare"),
            [
                "--mount", "--", "sh", "-c",
                "mount -t tmpfs -o mode=0755 pcscd /run/pcscd && exec \"$@\"", "sh",
                Requires.Tool("pcscd"), "--foreground", "--critical", "--config", configuration,
            ]);
            _process = Process.Start(start)!; // not shell-executed, so there is a process
            // Of the process's own root directory (proc(5)), because its /run/pcscd is not ours.
            string socket = Path.Join($"/proc/{_process.Id}", "root", "run/pcscd", SocketName);
            WaitUntilServing(socket, deadline);
            if (ReadersListen())
            {
                File.CreateSymbolicLink(SocketPath, socket);
                return;
            }

            Assert.True(
                isFirst && Environment.TickCount64 < deadline, "somebody else listens at the ports of vpcd's readers");
            Kill();
        }
    }

    /// <summary>Ends it as a service manager does; it takes leave of nobody.</summary>
    public void Stop() => End(process => Assert.Equal(0, SendSignal(process.Id, SIGTERM)));

    /// <summary>Ends it as a crash does.</summary>
    public void Kill() => End(process => process.Kill());

    /// <summary><see cref="Kill"/> and <see cref="Start"/>.</summary>
    public void Restart()
    {
        Kill();
        Start();
    }

    public void Dispose()
    {
        Kill();
        _directory.Delete(recursive: true);
    }

    private static (string Name, int Port)[] NewReaders(string name)
    {
        int port = Interlocked.Add(ref _nextPort, 2);
        return [($"{name} 00 00", port), ($"{name} 00 01", port + 1)];
    }

    private string Configuration() => string.Concat(_names.Zip(Readers.Chunk(2), (name, pair) =>
        $"""
        FRIENDLYNAME "{name}"
        DEVICENAME /dev/null:0x{pair[0].Port:X}
        LIBPATH {Driver}
        CHANNELID 0x{pair[0].Port:X}


        """));

    private void WaitUntilServing(string path, long deadline)
    {
        while (true)
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return;
            }
            catch (SocketException) when (!_process!.HasExited && Environment.TickCount64 < deadline)
            {
                Thread.Sleep(5); // polls for a socket that nothing announces
            }
        }
    }

    // Connecting would put a card in.
    private bool ReadersListen()
    {
        HashSet<int> listening =
            [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(end => end.Port)];
        return Readers.All(reader => listening.Contains(reader.Port));
    }

    private void End(Action<Process> end)
    {
        if (_process is null)
        {
            return;
        }

        if (!_process.HasExited)
        {
            end(_process);
            _process.WaitForExit();
        }

        _process.Dispose();
        _process = null;
        File.Delete(SocketPath);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SendSignal(int pid, int signal);
}
