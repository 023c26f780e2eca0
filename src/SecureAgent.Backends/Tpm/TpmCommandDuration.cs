using System.Buffers.Binary;

namespace SecureAgent.Backends.Tpm;

/// <summary>How long a TPM may take.</summary>
internal static class TpmCommandDuration
{
    /// <summary>For commands that make no key.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(30);

    /// <summary>The limit for <paramref name="command"/>: making an RSA key takes a slow TPM minutes.</summary>
    public static TimeSpan Limit(ReadOnlySpan<byte> command, TimeSpan usual) =>
        command.Length >= TpmTransport.HeaderBytes
        && (TPM_CC)BinaryPrimitives.ReadUInt32BigEndian(command[6..]) is TPM_CC.Create or TPM_CC.CreatePrimary
            ? usual * 10
            : usual;
}
