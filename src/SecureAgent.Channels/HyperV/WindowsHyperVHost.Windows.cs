using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using SecureAgent.Core;

namespace SecureAgent.Channels.HyperV;

/// <summary>Asks Windows and WSL.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsHyperVHost : IHyperVHost
{
    private const ProtocolType HV_PROTOCOL_RAW = (ProtocolType)1;

    /// <summary>wsl.exe can hang while WSL starts or updates.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The process that a virtual machine's memory is counted to; an older Windows has the second name for
    /// every machine.</summary>
    private static readonly string[] MemoryProcesses = ["vmmemWSL", "vmmem"];

    private int[] _seen = [];
    private Guid? _guest;

    /// <inheritdoc/>
    public void RequireSockets()
    {
        try
        {
            using Socket probe = CreateSocket();
        }
        catch (SocketException exception)
        {
            throw new ChannelException("This Windows has no Hyper-V sockets: " + exception.Message
                + " The other channels serve on; leave hyper-v out of the configuration.", exception);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Any command in a distribution starts WSL. So it is asked only when a machine has come or gone, and then
    /// in a distribution that runs.</remarks>
    public async ValueTask<Guid?> FindGuestAsync(CancellationToken ct)
    {
        int[] running = RunningMachines();
        if (running.Length == 0)
        {
            (_seen, _guest) = (running, null);
        }
        else if (!running.AsSpan().SequenceEqual(_seen) || _guest is null)
        {
            _guest = await AskAsync(ct).ConfigureAwait(false);
            _seen = running;
        }

        return _guest;
    }

    /// <inheritdoc/>
    public Socket Listen(Guid vmId, uint port)
    {
        Socket socket = CreateSocket();
        try
        {
            socket.Bind(new HyperVEndPoint(vmId, HyperVAddress.ServiceOf(port)));
            socket.Listen();
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Guid GuestOf(Socket client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.RemoteEndPoint is HyperVEndPoint peer ? peer.VmId : Guid.Empty;
    }

    private static Socket CreateSocket() =>
        new((AddressFamily)HyperVAddress.Family, SocketType.Stream, HV_PROTOCOL_RAW);

    private static int[] RunningMachines()
    {
        List<int> found = [];
        foreach (Process process in MemoryProcesses.SelectMany(Process.GetProcessesByName))
        {
            using (process)
            {
                found.Add(process.Id);
            }
        }

        return [.. found.Order()];
    }

    private static async Task<Guid?> AskAsync(CancellationToken ct)
    {
        byte[] list = await RunAsync(ct, "--list", "--running", "--quiet").ConfigureAwait(false);
        foreach (string distribution in WslText.Lines(list))
        {
            byte[] info = await RunAsync(ct, "--distribution", distribution, "--", "wslinfo", "--vm-id")
                .ConfigureAwait(false);
            if (WslText.VmId(info) is { } id)
            {
                return id;
            }
        }

        return null;
    }

    /// <summary>Runs wsl.exe.</summary>
    /// <returns>What it printed; nothing if it failed or took too long.</returns>
    private static async Task<byte[]> RunAsync(CancellationToken ct, params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(Environment.SystemDirectory, "wsl.exe"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            CreateNoWindow = true,
            Environment = { ["WSL_UTF8"] = "1" },
        };
        using CancellationTokenSource patience = new(Patience);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            using Process process = Process.Start(start)!; // A program that is started is a new process.
            try
            {
                process.StandardInput.Close();
                using MemoryStream output = new();
                await process.StandardOutput.BaseStream.CopyToAsync(output, either.Token).ConfigureAwait(false);
                await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
                return process.ExitCode == 0 ? output.ToArray() : [];
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                ct.ThrowIfCancellationRequested();
                return [];
            }
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or InvalidOperationException)
        {
            return []; // WSL is not installed, or has just gone.
        }
    }
}
