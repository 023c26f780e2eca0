namespace SecureAgent.Backends.Tpm;

/// <summary>The parent of a key, as its key file names it.</summary>
/// <param name="Handle">0x81xxxxxx is a persistent storage key; 0x40000001 (owner), 0x4000000B (endorsement),
/// 0x4000000C (platform) and 0x40000007 (null) mean the primary storage key that the hierarchy makes from the TCG
/// template.</param>
/// <param name="Rsa">Whether that template is H-1 (RSA-2048, <c>rsaParent</c> in the key file) instead of H-2 (ECC
/// P-256).</param>
internal readonly record struct TpmParent(uint Handle, bool Rsa = false)
{
    /// <summary>TPM_RH_OWNER.</summary>
    public const uint OwnerHandle = 0x4000_0001;

    /// <summary>TPM_RH_NULL.</summary>
    public const uint NullHandle = 0x4000_0007;

    /// <summary>TPM_RH_ENDORSEMENT.</summary>
    public const uint EndorsementHandle = 0x4000_000B;

    /// <summary>TPM_RH_PLATFORM.</summary>
    public const uint PlatformHandle = 0x4000_000C;

    /// <summary>The default parent: the owner hierarchy's ECC P-256 storage key.</summary>
    public static TpmParent Owner => new(OwnerHandle);

    /// <summary>Whether the parent is a key that lives in the TPM's persistent memory.</summary>
    public bool IsPersistent => Handle >> 24 == 0x81;

    /// <summary>Whether the parent is made by CreatePrimary in a hierarchy.</summary>
    public bool IsHierarchy => Handle is OwnerHandle or NullHandle or EndorsementHandle or PlatformHandle;

    /// <summary>The parent in words, such as <c>the owner hierarchy's storage key</c>.</summary>
    public override string ToString() => Handle switch
    {
        OwnerHandle => "the owner hierarchy's storage key",
        NullHandle => "the null hierarchy's storage key",
        EndorsementHandle => "the endorsement hierarchy's storage key",
        PlatformHandle => "the platform hierarchy's storage key",
        _ => $"the storage key 0x{Handle:X8}",
    };
}
