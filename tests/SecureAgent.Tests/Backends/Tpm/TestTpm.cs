using SecureAgent.Backends.Tpm;
using SecureAgent.HwSim.Servers;
using SecureAgent.HwSim.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A TPM to test against, by name, so that one theory runs over the real component and the simulator:
/// <c>swtpm</c>;
/// <c>simulator</c>, in process; <c>mssim</c>, the simulator behind its own server and the program's own
/// client.</summary>
internal sealed class TestTpm : IDisposable
{
    private readonly Action _restart;
    private readonly Action _dispose;

    private TestTpm(Func<ITpmDevice> open, Action restart, Action dispose) =>
        (Open, _restart, _dispose) = (open, restart, dispose);

    /// <summary>The names that <see cref="Start"/> takes.</summary>
    public static TheoryData<string> Kinds => ["swtpm", "simulator", "mssim"];

    /// <summary>Opens a connection of the program's own kind.</summary>
    public Func<ITpmDevice> Open { get; }

    /// <summary>Starts a new TPM.</summary>
    public static TestTpm Start(string kind)
    {
        if (kind == "swtpm")
        {
            SwtpmProcess swtpm = SwtpmProcess.Start();
            return new TestTpm(swtpm.Open, swtpm.Restart, swtpm.Dispose);
        }

        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = kind == "simulator" });
        simulator.PowerOn();
        if (kind == "simulator")
        {
            return new TestTpm(() => new SimulatorDevice(simulator), simulator.Reset, () => { });
        }

        MssimServer server = MssimServer.Start(simulator);
        return new TestTpm(
            TpmTcti.Parse(server.Tcti).Open, simulator.Reset,
            () => server.DisposeAsync().AsTask().GetAwaiter().GetResult());
    }

    /// <summary>Takes its power away and gives it back.</summary>
    public void Restart() => _restart();

    /// <summary>A connection whose traffic the test sees.</summary>
    public TpmConnection Connect(out RecordingBus bus)
    {
        RecordingBus recording = new(Open);
        bus = recording;
        return new TpmConnection(Options(recording.Open));
    }

    /// <summary>A connection.</summary>
    public TpmConnection Connect() => new(Options(Open));

    /// <summary>Options for a connection that does not wait between repetitions.</summary>
    public static TpmConnectionOptions Options(Func<ITpmDevice> open) => new()
    {
        Open = open,
        Memory = new TestMemory(),
        Pause = _ => { },
    };

    public void Dispose() => _dispose();

    private sealed class SimulatorDevice(TpmSimulator simulator) : ITpmDevice
    {
        public int Transmit(ReadOnlySpan<byte> command, Span<byte> response)
        {
            byte[] answer = simulator.Execute(command);
            answer.CopyTo(response);
            return answer.Length;
        }

        public void Dispose()
        {
        }
    }
}
