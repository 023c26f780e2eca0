using System.Buffers.Binary;

namespace SecureAgent.Backends.Tpm;

/// <summary>A handle and the Name that a session's HMAC covers in its place (TPM 2.0 Part 1, 16).</summary>
/// <param name="Value">TPM_HANDLE.</param>
/// <param name="Name">The Name of what the handle stands for.</param>
internal readonly record struct TpmHandle(uint Value, byte[] Name)
{
    /// <summary>TPM_RH_NULL in a place that takes no Name.</summary>
    public const uint Null = 0x4000_0007;

    /// <summary>A hierarchy, PCR or session, whose Name is its handle.</summary>
    public static TpmHandle Permanent(uint value)
    {
        byte[] name = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(name, value);
        return new TpmHandle(value, name);
    }
}
