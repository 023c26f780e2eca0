using System.Buffers;

namespace SecureAgent.Wire;

/// <summary>Whom a relay claims to speak for: <c>string channel, uint32 uid, uint32 count, count times (uint32 pid,
/// string image)</c>. Anybody can claim anything: it is for display.</summary>
/// <param name="Channel">How the client reached the relay, such as <c>wsl2</c>.</param>
/// <param name="UserId">The client's user where it runs.</param>
/// <param name="Processes">The client's process and its ancestors, nearest first.</param>
public sealed record ClaimedPeer(string Channel, uint UserId, IReadOnlyList<ClaimedProcess> Processes)
{
    /// <summary>Name of the extension.</summary>
    public const string ExtensionName = "claimed-peer@secure-agent";

    /// <summary>Decodes the contents of the extension.</summary>
    /// <exception cref="WireFormatException">They do not parse, or exceed a limit.</exception>
    public static ClaimedPeer Decode(ReadOnlyMemory<byte> contents)
    {
        WireReader reader = new(contents);
        string channel = reader.ReadUtf8("channel", WireLimits.MaxClaimedNameBytes);
        uint user = reader.ReadUInt32("uid");
        uint count = reader.ReadUInt32("process count");
        if (count > WireLimits.MaxClaimedProcesses)
        {
            throw new WireFormatException(
                $"process count: {count}, at most {WireLimits.MaxClaimedProcesses} are allowed");
        }

        ClaimedProcess[] processes = new ClaimedProcess[count];
        for (int i = 0; i < processes.Length; i++)
        {
            processes[i] = new ClaimedProcess(
                reader.ReadUInt32("pid"), reader.ReadUtf8("image", WireLimits.MaxClaimedNameBytes));
        }

        reader.RequireEnd("claimed peer");
        return new ClaimedPeer(channel, user, processes);
    }

    /// <summary>Appends the contents of the extension.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        WireWriter writer = new(output);
        writer.WriteUtf8(Channel);
        writer.WriteUInt32(UserId);
        writer.WriteUInt32((uint)Processes.Count);
        foreach (ClaimedProcess process in Processes)
        {
            writer.WriteUInt32(process.ProcessId);
            writer.WriteUtf8(process.Image);
        }
    }
}
