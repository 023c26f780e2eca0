namespace SecureAgent.Backends.Tpm;

/// <summary>What the TPM is and can do, as it said when it was opened (TPM2_GetCapability, TPM2_TestParms).</summary>
internal sealed class TpmCapabilities
{
    /// <summary>TPM_PT_MANUFACTURER as text, such as <c>IBM</c> or <c>IFX</c>.</summary>
    public required string Manufacturer { get; init; }

    /// <summary>TPM_PT_FIRMWARE_VERSION_1 and _2 as one number.</summary>
    public required ulong FirmwareVersion { get; init; }

    /// <summary>The curves that the TPM names and SSH uses.</summary>
    public required IReadOnlySet<TPM_ECC_CURVE> Curves { get; init; }

    /// <summary>The RSA modulus sizes that it accepts, of 2048 and 3072.</summary>
    public required IReadOnlySet<int> RsaKeyBits { get; init; }

    /// <summary>The algorithms it has, such as <see cref="TPM_ALG.SHA512"/>.</summary>
    public required IReadOnlySet<TPM_ALG> Algorithms { get; init; }

    /// <summary>Whether the TPM makes keys of this kind.</summary>
    public bool Supports(TpmKeyTemplate template) => template.Type == TPM_ALG.RSA
        ? RsaKeyBits.Contains(template.KeyBits)
        : Curves.Contains(template.Curve);
}
