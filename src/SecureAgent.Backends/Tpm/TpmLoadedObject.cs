namespace SecureAgent.Backends.Tpm;

/// <summary>A key that is in the TPM now.</summary>
/// <param name="Handle">Its handle and Name.</param>
/// <param name="Public">Its public area.</param>
/// <param name="Parent">The parent it is or is below of.</param>
/// <param name="KeyId"><see cref="TpmKeyBlobs.Id"/>, or <see langword="null"/> for the parent itself.</param>
internal sealed record TpmLoadedObject(TpmHandle Handle, TpmPublic Public, TpmParent Parent, string? KeyId)
{
    /// <summary>Whether the TPM has answered under an HMAC over its Name. Until then its handle is a mere claim: handles in
    /// responses are covered by nothing.</summary>
    public bool IsProven { get; set; }

    /// <summary>Whether it takes one of the TPM's few transient slots.</summary>
    public bool IsTransient => Handle.Value >> 24 == 0x80;
}
