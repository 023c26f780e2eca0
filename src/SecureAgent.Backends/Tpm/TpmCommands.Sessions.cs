using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <content>Sessions and policies.</content>
internal sealed partial class TpmCommands
{
    // TPM2_StartAuthSession (Part 3, 11.1)          response
    //   TPMI_DH_OBJECT+      tpmKey      (handle)     TPMI_SH_AUTH_SESSION  sessionHandle
    //   TPMI_DH_ENTITY+      bind        (handle)     TPM2B_NONCE           nonceTPM
    //   TPM2B_NONCE          nonceCaller
    //   TPM2B_ENCRYPTED_SECRET encryptedSalt
    //   TPM_SE               sessionType
    //   TPMT_SYM_DEF+        symmetric
    //   TPMI_ALG_HASH        authHash

    /// <summary>Starts a session whose key only the TPM that holds <paramref name="saltKey"/> can know.</summary>
    /// <param name="type">HMAC or policy.</param>
    /// <param name="saltKey">A loaded storage key.</param>
    /// <param name="saltKeyPublic">Its public area, already checked against the Name that is remembered.</param>
    /// <param name="usesAuthValue">See <see cref="TpmSession.UsesAuthValue"/>.</param>
    public TpmSession StartAuthSession(TPM_SE type, uint saltKey, TpmPublic saltKeyPublic, bool usesAuthValue)
    {
        byte[] salt = GC.AllocateUninitializedArray<byte>(TpmHash.SizeBytes(saltKeyPublic.NameAlg), pinned: true);
        try
        {
            byte[] encryptedSalt = TpmSecretSharing.Share(saltKeyPublic, "SECRET"u8, salt);
            return StartAuthSession(type, saltKey, salt, encryptedSalt, usesAuthValue);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(salt);
        }
    }

    /// <summary>Starts an unsalted HMAC session, for the one command that comes before any storage key is
    /// known.</summary>
    public TpmSession StartUnsaltedSession() =>
        StartAuthSession(TPM_SE.HMAC, TpmHandle.Null, [], [], usesAuthValue: true);

    private TpmSession StartAuthSession(
        TPM_SE type, uint saltKey, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> encryptedSalt, bool usesAuthValue)
    {
        Span<byte> nonceCaller = stackalloc byte[TpmSession.DigestBytes];
        RandomNumberGenerator.Fill(nonceCaller);
        TpmWriter writer = Parameters();
        writer.WriteTpm2B(nonceCaller);
        writer.WriteTpm2B(encryptedSalt);
        writer.WriteUInt8((byte)type);
        writer.WriteAlg(TPM_ALG.AES);
        writer.WriteUInt16(128);
        writer.WriteAlg(TPM_ALG.CFB);
        writer.WriteAlg(TPM_ALG.SHA256);
        TpmReader reader = new(Execute(
            TPM_CC.StartAuthSession,
            [TpmHandle.Permanent(saltKey), TpmHandle.Permanent(TpmHandle.Null)],
            writer,
            TpmAuthorization.None,
            answersHandle: true,
            out uint handle));
        ReadOnlySpan<byte> nonceTpm = reader.ReadTpm2B();
        reader.End();
        return new TpmSession(handle, salt, nonceCaller, nonceTpm, usesAuthValue);
    }

    // TPM2_FlushContext (Part 3, 28.4): TPMI_DH_CONTEXT flushHandle, among the parameters.

    /// <summary>Removes a transient object or a session.</summary>
    public void FlushContext(uint handle)
    {
        TpmWriter writer = Parameters();
        writer.WriteUInt32(handle);
        new TpmReader(Execute(TPM_CC.FlushContext, [], writer, TpmAuthorization.None)).End();
    }

    // TPM2_PolicyPCR (Part 3, 23.7)
    //   TPMI_SH_POLICY       policySession (handle)
    //   TPM2B_DIGEST         pcrDigest     (empty: the policy digest gets the PCRs of now)
    //   TPML_PCR_SELECTION   pcrs

    /// <summary>Puts the PCRs' values of now into the policy session.</summary>
    public void PolicyPCR(TpmSession session, TpmPcrSelection pcrs)
    {
        TpmWriter writer = Parameters();
        writer.WriteTpm2B([]);
        pcrs.Write(ref writer);
        Policy(TPM_CC.PolicyPCR, session, writer);
    }

    // TPM2_PolicyAuthValue (Part 3, 23.17): TPMI_SH_POLICY policySession (handle)

    /// <summary>Makes the policy session prove the key's authValue too.</summary>
    public void PolicyAuthValue(TpmSession session) => Policy(TPM_CC.PolicyAuthValue, session, Parameters());

    private void Policy(TPM_CC command, TpmSession session, scoped in TpmWriter writer) =>
        new TpmReader(Execute(command, [TpmHandle.Permanent(session.Handle)], writer, TpmAuthorization.None)).End();
}
