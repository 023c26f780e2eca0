using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A TPM to test against: the real component, or the simulator, by name, so that one theory runs over both.</summary>
internal sealed class TestTpm : IDisposable
{
    private readonly SwtpmProcess _swtpm;

    private TestTpm(SwtpmProcess swtpm) => _swtpm = swtpm;

    /// <summary>The names that <see cref="Start"/> takes.</summary>
    public static TheoryData<string> Kinds => ["swtpm"];

    /// <summary>Starts a new TPM.</summary>
    public static TestTpm Start(string kind) => kind switch
    {
        "swtpm" => new TestTpm(SwtpmProcess.Start()),
        _ => throw new ArgumentException(kind),
    };

    /// <summary>Opens a connection of the program's own kind.</summary>
    public ITpmDevice Open() => _swtpm.Open();

    /// <summary>Takes its power away and gives it back.</summary>
    public void Restart() => _swtpm.Restart();

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

    public void Dispose() => _swtpm.Dispose();
}
