using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;

namespace SecureAgent.HwSim.Servers;

/// <summary>A pcscd with one virtual reader, apart from the machine's: in a user and mount namespace of its own it has
/// a /run to itself, so it needs no root, and clients reach it through /proc.</summary>
internal sealed class PcscService : IAsyncDisposable
{
    /// <summary>What clients read: the path of the service's socket.</summary>
    public const string SocketVariable = "PCSCLITE_CSOCK_NAME";

    private const string Driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
    private const string Install = "apt-get install pcscd vsmartcard-vpcd";

    // Yubico's programs take a reader with this name for a YubiKey.
    private const string ReaderName = "Yubico YubiKey OTP+FIDO+CCID";

    // Its standard output is the command's that uses the card.
    private const string OwnRun = "mount -t tmpfs -o mode=0755 run /run && mkdir /run/pcscd "
        + "&& exec pcscd --foreground --critical --config \"$0\" >&2";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(10);

    private readonly Process _process;

    private PcscService(Process process, int port) => (_process, Port) = (process, port);

    /// <summary>The port of 127.0.0.1 at which the reader waits for its card.</summary>
    public int Port { get; }

    /// <summary>The socket that clients connect to: of the process's own root directory (proc(5)), because its
    /// <c>/run</c> is not ours.</summary>
    public string SocketPath => Path.Join($"/proc/{_process.Id}", "root", "run/pcscd/pcscd.comm");

    /// <summary>Starts it and waits until it serves.</summary>
    /// <param name="directory">A directory of the caller's, for the configuration.</param>
    /// <exception cref="IOException">It is not installed, or the system allows no namespaces.</exception>
    public static async Task<PcscService> StartAsync(string directory)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(Driver))
        {
            throw new IOException($"There is no virtual smart card reader. It needs Linux, and: {Install}");
        }

        int port = FreePort();
        string configuration = Path.Combine(directory, "reader.conf.d");
        Directory.CreateDirectory(configuration);
        await File.WriteAllTextAsync(Path.Combine(configuration, "vpcd"), Configuration(port)).ConfigureAwait(false);

        // In a session of its own: Ctrl-C is for the command that uses the card.
        ProcessStartInfo start = new("setsid",
        [
            "unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c", OwnRun, configuration,
        ])
        {
            RedirectStandardError = true,
        };
        start.Environment["PATH"] += ":/usr/sbin";
        PcscService service = new(Start(start), port);
        try
        {
            await service.WaitUntilServingAsync().ConfigureAwait(false);
            return service;
        }
        catch
        {
            await service.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().ConfigureAwait(false);
        }

        _process.Dispose();
    }

    private static string Configuration(int port) =>
        $"""
        FRIENDLYNAME "{ReaderName}"
        DEVICENAME /dev/null:0x{port:X}
        LIBPATH {Driver}
        CHANNELID 0x{port:X}

        """;

    // The driver listens at two ports, one for each of its readers.
    private static int FreePort()
    {
        (Socket first, Socket second) = LoopbackListener.TcpPair(0);
        using (first)
        using (second)
        {
            return LoopbackListener.Port(first);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!; // Null only with UseShellExecute.
        }
        catch (Win32Exception e)
        {
            throw new IOException($"setsid of util-linux cannot be started: {e.Message}", e);
        }
    }

    private async Task WaitUntilServingAsync()
    {
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath)).ConfigureAwait(false);
                return;
            }
            catch (SocketException)
            {
                if (_process.HasExited)
                {
                    string said = (await errors.ConfigureAwait(false)).Trim();
                    throw new IOException($"pcscd did not start: {said}. It needs user namespaces, and: {Install}");
                }

                if (Stopwatch.GetElapsedTime(begun) > Patience)
                {
                    throw new IOException($"pcscd does not serve after {Patience.TotalSeconds} seconds.");
                }

                await Task.Delay(RetryInterval).ConfigureAwait(false);
            }
        }
    }
}
