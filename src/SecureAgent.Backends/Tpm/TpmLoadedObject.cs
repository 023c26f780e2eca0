namespace SecureAgent.Backends.Tpm;

/// <summary>A key that is in the TPM now.</summary>
/// <param name="Handle">Its handle and Name.</param>
/// <param name="Public">Its public area.</param>
/// <param name="Parent">The parent it is or is below of.</param>
/// <param name="KeyId"><see cref="TpmKeyBlobs.Id"/>, or <see langword="null"/> for the parent itself.</param>
internal sealed record TpmLoadedObject(TpmHandle Handle, TpmPublic Public, TpmParent Parent, string? KeyId)
{
    /// <summary>Whether it takes one of the TPM's few transient slots.</summary>
    public bool IsTransient => Handle.Value >> 24 == 0x80;
}
