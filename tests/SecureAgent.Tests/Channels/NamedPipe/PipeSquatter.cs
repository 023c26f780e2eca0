using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.Versioning;

namespace SecureAgent.Tests.Channels.NamedPipe;

/// <summary>Another process that serves a pipe: this test program again, told to run one method only.</summary>
[SupportedOSPlatform("windows")]
public sealed class PipeSquatter : IDisposable
{
    private const string NameVariable = "SECURE_AGENT_TEST_SQUAT";
    private const string ReadyVariable = "SECURE_AGENT_TEST_READY";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process? _process;

    /// <summary>For the runner, in the other process.</summary>
    public PipeSquatter()
    {
    }

    private PipeSquatter(Process process) => _process = process;

    internal int ProcessId => _process!.Id;

    /// <summary>Whether this is the other process.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable(NameVariable) is not null;

    /// <summary>Not a test: what the other process does until it is killed.</summary>
    [Fact(SkipUnless = nameof(IsAsked), Skip = "Needs Windows: another test starts it in a process of its own.")]
    public async Task Squat()
    {
        string name = Environment.GetEnvironmentVariable(NameVariable)!;
        using EventWaitHandle ready = EventWaitHandle.OpenExisting(Environment.GetEnvironmentVariable(ReadyVariable)!);
        while (true)
        {
            await using NamedPipeServerStream pipe = new(name[@"\\.\pipe\".Length..], PipeDirection.InOut,
                NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
            Task connected = pipe.WaitForConnectionAsync(TestContext.Current.CancellationToken);
            ready.Set();
            await connected;
        }
    }

    /// <summary>Starts it, and waits until it has an instance of the pipe.</summary>
    internal static PipeSquatter Start(string name)
    {
        string readyName = Guid.NewGuid().ToString("N");
        using EventWaitHandle ready = new(false, EventResetMode.ManualReset, readyName);
        PipeSquatter squatter = new(Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "-method", $"{typeof(PipeSquatter).FullName}.{nameof(Squat)}" },
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
        if (_process is not null)
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
