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

    /// <summary>The kinds of key it makes, in words.</summary>
    public string Describe() => string.Join(", ", TpmKeyTemplate.All.Where(Supports));

    /// <summary>Asks the TPM.</summary>
    public static TpmCapabilities Read(TpmCommands commands)
    {
        // TPM_PT_MANUFACTURER 0x105, TPM_PT_FIRMWARE_VERSION_1 0x10B, TPM_PT_FIRMWARE_VERSION_2 0x10C (Part 2, table
        // 27)
        Dictionary<uint, uint> properties = commands.GetProperties(0x100, 0x10);
        uint manufacturer = properties.GetValueOrDefault(0x105u);
        return new TpmCapabilities
        {
            Manufacturer = string.Concat(
                Enumerable.Range(0, 4).Select(i => (char)(manufacturer >> (24 - (8 * i)) & 0xFF))
                    .Where(char.IsAsciiLetterOrDigit)),
            FirmwareVersion =
                ((ulong)properties.GetValueOrDefault(0x10Bu) << 32) | properties.GetValueOrDefault(0x10Cu),
            Curves = commands.GetCurves(),
            RsaKeyBits = TpmKeyTemplate.All.Where(kind => kind.Type == TPM_ALG.RSA).Select(kind => kind.KeyBits)
                .Where(commands.TestRsaParms).ToHashSet(),
            Algorithms = commands.GetAlgorithms(),
        };
    }
}
