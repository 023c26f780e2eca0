using SecureAgent.HwSim;

namespace SecureAgent.Tests.HwSim.Servers;

/// <summary>Answers every command with its own bytes after a successful header, and notes what arrived.</summary>
internal sealed class RecordingTpm : ISimulatedTpm
{
    private readonly Lock _lock = new();
    private readonly List<string> _seen = [];

    public Func<byte[], byte[]>? Answer { get; set; }

    public IReadOnlyList<string> Seen
    {
        get
        {
            lock (_lock)
            {
                return [.. _seen];
            }
        }
    }

    public byte[] Execute(ReadOnlySpan<byte> command, byte locality = 0)
    {
        Note($"{locality}:{Convert.ToHexString(command)}");
        byte[] owned = command.ToArray();
        return Answer is null ? Response(owned) : Answer(owned);
    }

    public void PowerOn() => Note("on");

    public void PowerOff() => Note("off");

    public void Reset() => Note("reset");

    /// <summary>8001, the length, TPM_RC_SUCCESS, then the bytes.</summary>
    public static byte[] Response(byte[] bytes)
    {
        byte[] response = [0x80, 0x01, 0, 0, 0, (byte)(10 + bytes.Length), 0, 0, 0, 0, .. bytes];
        return response;
    }

    private void Note(string text)
    {
        lock (_lock)
        {
            _seen.Add(text);
        }
    }
}
