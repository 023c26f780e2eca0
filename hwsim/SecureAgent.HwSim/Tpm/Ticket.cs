namespace SecureAgent.HwSim.Tpm;

/// <summary>A ticket: the TPM's own proof that it did something (Part 2, 10.7).</summary>
internal sealed record Ticket(TPM_ST Tag, uint Hierarchy, byte[] Digest)
{
    /// <summary>Reads a ticket whose tag must be <paramref name="tag"/>.</summary>
    public static Ticket Read(TpmReader reader, TPM_ST tag)
    {
        TPM_ST found = (TPM_ST)reader.UInt16();
        if (found != tag)
        {
            throw reader.Fail(Enum.IsDefined(found) ? TPM_RC_TAG : TPM_RC_VALUE);
        }

        uint hierarchy = reader.UInt32();
        return HandleArea.Is(HandleKind.Hierarchy, hierarchy)
            ? new Ticket(tag, hierarchy, reader.Sized(Hash.MaxSize))
            : throw reader.Fail(TPM_RC_VALUE);
    }

    /// <summary>The empty ticket.</summary>
    public static Ticket Null(TPM_ST tag) => new(tag, TPM_RH_NULL, []);

    /// <summary>TPM2_CreatePrimary, TPM2_Create: the object named <paramref name="name"/> was created with this creation data.</summary>
    public static Ticket Creation(TpmState tpm, uint hierarchy, byte[] name, byte[] creationHash) =>
        Make(tpm, TPM_ST.TPM_ST_CREATION, hierarchy, name, creationHash);

    /// <summary>TPM2_VerifySignature: the key named <paramref name="keyName"/> signed <paramref name="digest"/>.</summary>
    public static Ticket Verified(TpmState tpm, uint hierarchy, byte[] digest, byte[] keyName) =>
        Make(tpm, TPM_ST.TPM_ST_VERIFIED, hierarchy, digest, keyName);

    /// <summary>TPM2_Hash and sequences: the TPM made <paramref name="digest"/>, and of nothing that it signs by itself.</summary>
    public static Ticket HashCheck(TpmState tpm, uint hierarchy, TPM_ALG_ID hash, byte[] digest) =>
        Make(tpm, TPM_ST.TPM_ST_HASHCHECK, hierarchy, Bytes.UInt16((ushort)hash), digest);

    /// <summary>TPM2_PolicySecret: the authorization of <paramref name="name"/> was given.</summary>
    public static Ticket AuthSecret(
        TpmState tpm, uint hierarchy, byte[] timeout, byte[] cpHash, byte[] policyRef, byte[] name) =>
        Make(tpm, TPM_ST.TPM_ST_AUTH_SECRET, hierarchy, timeout, cpHash, policyRef, name);

    /// <summary>Writes it.</summary>
    public void Write(TpmWriter writer) => writer.Tag(Tag).UInt32(Hierarchy).Sized(Digest);

    private static Ticket Make(TpmState tpm, TPM_ST tag, uint hierarchy, params ReadOnlySpan<byte[]> parts)
    {
        byte[] proof = tpm.FindHierarchy(hierarchy)!.Proof;
        byte[] digest = Hash.Hmac(TPM_ALG_SHA512, proof, Bytes.UInt16((ushort)tag), Bytes.Concat(parts));
        return new Ticket(tag, hierarchy, digest);
    }
}
