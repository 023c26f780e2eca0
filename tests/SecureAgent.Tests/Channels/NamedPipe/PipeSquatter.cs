using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

namespace SecureAgent.Tests.Channels.NamedPipe;

/// <summary>Another process that serves a pipe: this test program again, which does nothing else then.</summary>
internal sealed class PipeSquatter : IDisposable
{
    private const string NameVariable = "SECURE_AGENT_TEST_SQUAT";
    private const string ReadyVariable = "SECURE_AGENT_TEST_READY";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private PipeSquatter(Process process) => _process = process;

    public int ProcessId => _process.Id;

    /// <summary>In the other process, before its test runner: serves until it is killed.</summary>
    [ModuleInitializer]
    internal static void SquatIfAsked()
    {
        if (OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable(NameVariable) is string name)
        {
            Squat(name[@"\\.\pipe\".Length..], Environment.GetEnvironmentVariable(ReadyVariable)!);
        }
    }

    /// <summary>Starts it, and waits until it has an instance of the pipe.</summary>
    [SupportedOSPlatform("windows")]
    public static PipeSquatter Start(string name)
    {
        string readyName = Guid.NewGuid().ToString("N");
        using EventWaitHandle ready = new(false, EventResetMode.ManualReset, readyName);
        PipeSquatter squatter = new(Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            Environment = { [NameVariable] = name, [ReadyVariable] = readyName },
            RedirectStandardOutput = true,
        })!);
        if (!ready.WaitOne(Patience))
        {
            squatter.Dispose();
            Assert.Fail("The other process did not start.");
        }

        return squatter;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    [SupportedOSPlatform("windows")]
    private static void Squat(string name, string readyName)
    {
        using EventWaitHandle ready = EventWaitHandle.OpenExisting(readyName);
        while (true)
        {
            using NamedPipeServerStream pipe = new(name, PipeDirection.InOut,
                NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
            Task connected = pipe.WaitForConnectionAsync();
            ready.Set();
            connected.GetAwaiter().GetResult();
        }
    }
}
