using System.Diagnostics;
using System.Net.Sockets;
using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A swtpm of its own on a unix socket in a temporary directory. It ends with the test, by its own process
/// id.</summary>
internal sealed class SwtpmProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly string _directory;
    private Process _process;

    private SwtpmProcess(string directory)
    {
        _directory = directory;
        _process = StartProcess();
    }

    /// <summary>The data socket.</summary>
    public string Path => System.IO.Path.Combine(_directory, "tpm.sock");

    /// <summary>The TCTI string of the data socket.</summary>
    public string Tcti => "swtpm:path=" + Path;

    /// <summary>Starts one, or ends the test where swtpm is not installed.</summary>
    public static SwtpmProcess Start()
    {
        Requires.Tool("swtpm");
        return new SwtpmProcess(Directory.CreateTempSubdirectory("swtpm-").FullName);
    }

    /// <summary>Connects to it as the program does.</summary>
    public ITpmDevice Open() => TpmTcti.Parse(Tcti).Open();

    /// <summary>Kills it as a power cut would, and starts it on the same state.</summary>
    public void Restart()
    {
        Kill();
        Launch();
    }

    /// <summary>Kills it as a power cut would.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(Path);
    }

    /// <summary>Starts it again after <see cref="Kill"/>.</summary>
    public void Launch() => _process = StartProcess();

    public void Dispose()
    {
        try
        {
            Kill();
        }
        catch (InvalidOperationException)
        {
            // The test killed it.
        }

        Directory.Delete(_directory, recursive: true);
    }

    private Process StartProcess()
    {
        ProcessStartInfo start = new(Requires.Tool("swtpm"))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (string argument in (string[])
            [
                "socket", "--tpm2", "--server", "type=unixio,path=" + Path, "--tpmstate", "dir=" + _directory,
                // Where the swtpm TCTI of tpm2-tss looks for it.
                "--ctrl", "type=unixio,path=" + Path + ".ctrl",
                "--flags", "not-need-init,startup-clear",
            ])
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        WaitUntilListening(process);
        return process;
    }

    private void WaitUntilListening(Process process)
    {
        for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < Deadline;)
        {
            Assert.False(process.HasExited, "swtpm ended at once.");
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(Path));
                return;
            }
            catch (SocketException)
            {
                Thread.Sleep(5);
            }
        }

        Assert.Fail("swtpm did not listen in time.");
    }
}
