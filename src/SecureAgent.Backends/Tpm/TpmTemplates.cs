namespace SecureAgent.Backends.Tpm;

/// <summary>Public areas to ask the TPM for (TPMT_PUBLIC, TPM 2.0 Part 2, 12.2.4).</summary>
internal static class TpmTemplates
{
    private const TPMA_OBJECT StorageKey =
        TPMA_OBJECT.fixedTPM | TPMA_OBJECT.fixedParent | TPMA_OBJECT.sensitiveDataOrigin | TPMA_OBJECT.userWithAuth
        | TPMA_OBJECT.noDA | TPMA_OBJECT.restricted | TPMA_OBJECT.decrypt;

    private const int MaxTemplateBytes = 1024;

    /// <summary>The TCG's storage key templates with an empty unique field: H-2 (ECC P-256) or H-1 (RSA-2048),
    /// AES-128-CFB. Key files with a hierarchy as parent mean exactly these bytes.</summary>
    public static byte[] Storage(bool rsa)
    {
        TpmWriter writer = new(stackalloc byte[MaxTemplateBytes]);
        WriteStart(ref writer, rsa ? TPM_ALG.RSA : TPM_ALG.ECC, StorageKey, []);
        writer.WriteAlg(TPM_ALG.AES);
        writer.WriteUInt16(128);
        writer.WriteAlg(TPM_ALG.CFB);
        writer.WriteAlg(TPM_ALG.NULL);
        WriteKey(ref writer, rsa ? TpmKeyTemplate.Rsa2048 : TpmKeyTemplate.Ecdsa256, [], []);
        return writer.Written.ToArray();
    }

    /// <summary>A signing key that the TPM makes and that never leaves it.</summary>
    /// <param name="template">Its kind.</param>
    /// <param name="use">What it may be used for besides signing.</param>
    /// <param name="hasAuthValue">Whether it will have a PIN.</param>
    /// <param name="authPolicy">Its policy digest, or empty.</param>
    public static byte[] SigningKey(
        TpmKeyTemplate template, TPMA_OBJECT use, bool hasAuthValue, ReadOnlySpan<byte> authPolicy) =>
        Signing(
            template,
            TPMA_OBJECT.fixedTPM | TPMA_OBJECT.fixedParent | TPMA_OBJECT.sensitiveDataOrigin | TPMA_OBJECT.sign | use,
            hasAuthValue, authPolicy, [], []);

    /// <summary>The public area of a signing key that was made elsewhere: the TPM lets only such a key in that says
    /// so.</summary>
    /// <param name="template">Its kind.</param>
    /// <param name="use">What it may be used for besides signing.</param>
    /// <param name="hasAuthValue">Whether it will have a PIN.</param>
    /// <param name="authPolicy">Its policy digest, or empty.</param>
    /// <param name="unique">RSA: the modulus. ECC: X.</param>
    /// <param name="y">ECC: Y. RSA: empty.</param>
    public static byte[] ImportedKey(
        TpmKeyTemplate template, TPMA_OBJECT use, bool hasAuthValue, ReadOnlySpan<byte> authPolicy,
        ReadOnlySpan<byte> unique, ReadOnlySpan<byte> y) =>
        Signing(template, TPMA_OBJECT.sign | use, hasAuthValue, authPolicy, unique, y);

    /// <summary>Sealed data.</summary>
    public static byte[] Sealed(bool hasAuthValue, ReadOnlySpan<byte> authPolicy)
    {
        TpmWriter writer = new(stackalloc byte[MaxTemplateBytes]);
        WriteStart(
            ref writer, TPM_ALG.KEYEDHASH,
            TPMA_OBJECT.fixedTPM | TPMA_OBJECT.fixedParent | Use(hasAuthValue, authPolicy), authPolicy);
        writer.WriteAlg(TPM_ALG.NULL);
        writer.WriteTpm2B([]);
        return writer.Written.ToArray();
    }

    private static byte[] Signing(
        TpmKeyTemplate template, TPMA_OBJECT attributes, bool hasAuthValue, ReadOnlySpan<byte> authPolicy,
        ReadOnlySpan<byte> unique, ReadOnlySpan<byte> y)
    {
        TpmWriter writer = new(stackalloc byte[MaxTemplateBytes]);
        WriteStart(ref writer, template.Type, attributes | Use(hasAuthValue, authPolicy), authPolicy);
        writer.WriteAlg(TPM_ALG.NULL);
        writer.WriteAlg(TPM_ALG.NULL);
        WriteKey(ref writer, template, unique, y);
        return writer.Written.ToArray();
    }

    // With a policy the authValue alone must not do. Without a PIN there is nothing to guess, and the key must keep
    // working while the TPM is locked out over another one.
    private static TPMA_OBJECT Use(bool hasAuthValue, ReadOnlySpan<byte> authPolicy) =>
        (authPolicy.IsEmpty ? TPMA_OBJECT.userWithAuth : TPMA_OBJECT.None)
        | (hasAuthValue ? TPMA_OBJECT.None : TPMA_OBJECT.noDA);

    private static void WriteStart(
        ref TpmWriter writer, TPM_ALG type, TPMA_OBJECT attributes, ReadOnlySpan<byte> authPolicy)
    {
        writer.WriteAlg(type);
        writer.WriteAlg(TPM_ALG.SHA256);
        writer.WriteUInt32((uint)attributes);
        writer.WriteTpm2B(authPolicy);
    }

    private static void WriteKey(
        ref TpmWriter writer, TpmKeyTemplate template, ReadOnlySpan<byte> unique, ReadOnlySpan<byte> y)
    {
        if (template.Type == TPM_ALG.RSA)
        {
            writer.WriteUInt16((ushort)template.KeyBits);
            writer.WriteUInt32(0); // the exponent 65537
            writer.WriteTpm2B(unique);
            return;
        }

        writer.WriteUInt16((ushort)template.Curve);
        writer.WriteAlg(TPM_ALG.NULL); // no KDF
        writer.WriteTpm2B(unique);
        writer.WriteTpm2B(y);
    }
}
