using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMS_CONTEXT (Part 1, 30; Part 2, 14): encrypted and authenticated under a proof, so that only this TPM, and only until the next
/// reset, can load it.</summary>
internal sealed record SavedContext(ulong Sequence, uint Handle, uint Hierarchy, byte[] Blob)
{
    private const uint OrdinaryObject = TRANSIENT_FIRST;
    private const uint SequenceObject = TRANSIENT_FIRST + 1;
    private const uint StClearObject = TRANSIENT_FIRST + 2;
    private const int MaxSequenceBytes = Limits.MaxContext - 2 - Hash.MaxSize;
    private const int KeyBytes = 32;
    private const int IvBytes = 16;

    /// <summary>The context of what is in an object slot.</summary>
    public static SavedContext OfEntity(TpmState tpm, LoadedEntity entity, ulong sequence)
    {
        if (entity is TpmSequence sequenceObject)
        {
            TpmWriter content = new();
            sequenceObject.Save(content);
            return content.Length <= MaxSequenceBytes
                ? Seal(tpm, sequence, SequenceObject, entity.Hierarchy, content.ToArray())
                : throw TPM_RC_MEMORY.Error();
        }

        TpmObject target = (TpmObject)entity; // the hierarchy is closed
        uint handle = target.IsStClear ? StClearObject : OrdinaryObject;
        return Seal(tpm, sequence, handle, entity.Hierarchy, ObjectLayout.Save(target));
    }

    /// <summary>The context of a session.</summary>
    public static SavedContext OfSession(TpmState tpm, TpmSession session, ulong sequence) =>
        Seal(tpm, sequence, session.Handle, TPM_RH_NULL, SessionLayout.Save(session));

    /// <summary>Reads it; the blob is not opened yet.</summary>
    public static SavedContext Read(TpmReader reader)
    {
        ulong sequence = reader.UInt64();
        uint handle = reader.UInt32();
        if (!HandleArea.Is(HandleKind.Context, handle))
        {
            throw reader.Fail(TPM_RC_VALUE);
        }

        uint hierarchy = reader.UInt32();
        return HandleArea.Is(HandleKind.Hierarchy, hierarchy)
            ? new SavedContext(sequence, handle, hierarchy, reader.Sized(Limits.MaxContext))
            : throw reader.Fail(TPM_RC_VALUE);
    }

    /// <summary>The object.</summary>
    /// <exception cref="TpmError">TPM_RC_INTEGRITY or TPM_RC_HIERARCHY for parameter 1.</exception>
    public LoadedEntity OpenEntity(TpmState tpm) => Handle == SequenceObject
        ? TpmSequence.Restore(new TpmReader(Open(tpm)))
        : ObjectLayout.Restore(new TpmReader(Open(tpm)));

    /// <summary>The session.</summary>
    /// <exception cref="TpmError">TPM_RC_INTEGRITY or TPM_RC_HIERARCHY for parameter 1.</exception>
    public TpmSession OpenSession(TpmState tpm) => SessionLayout.Restore(new TpmReader(Open(tpm)));

    /// <summary>Writes it.</summary>
    public void Write(TpmWriter writer) => writer.UInt64(Sequence).UInt32(Handle).UInt32(Hierarchy).Sized(Blob);

    private static SavedContext Seal(TpmState tpm, ulong sequence, uint handle, uint hierarchy, byte[] content)
    {
        (byte[] key, byte[] iv) = KeysOf(tpm, sequence, handle, hierarchy);
        byte[] encrypted = AesCfb.Encrypt(key, iv, content);
        byte[] integrity = Integrity(tpm, sequence, handle, hierarchy, encrypted);
        return new SavedContext(sequence, handle, hierarchy, new TpmWriter().Sized(integrity).Bytes(encrypted).ToArray());
    }

    private byte[] Open(TpmState tpm)
    {
        TpmReader reader = new(Blob);
        byte[] integrity = reader.Sized(Hash.MaxSize);
        byte[] encrypted = reader.Rest();
        if (!CryptographicOperations.FixedTimeEquals(integrity, Integrity(tpm, Sequence, Handle, Hierarchy, encrypted)))
        {
            throw TPM_RC_INTEGRITY.Parameter(1);
        }

        if (!tpm.IsHierarchyEnabled(Hierarchy))
        {
            throw TPM_RC_HIERARCHY.Parameter(1);
        }

        (byte[] key, byte[] iv) = KeysOf(tpm, Sequence, Handle, Hierarchy);
        return AesCfb.Decrypt(key, iv, encrypted);
    }

    private static (byte[] Key, byte[] Iv) KeysOf(TpmState tpm, ulong sequence, uint handle, uint hierarchy)
    {
        byte[] proof = tpm.FindHierarchy(hierarchy)!.Proof;
        byte[] derived = Kdf.Kdfa(
            TPM_ALG_SHA512, proof, "CONTEXT", new TpmWriter().UInt64(sequence).ToArray(), Bytes.UInt32(handle),
            (KeyBytes + IvBytes) * 8);
        return (derived[..KeyBytes], derived[KeyBytes..]);
    }

    // The null proof is renewed at every TPM Reset: it stands for the reset count of Part 1, 30.3.
    private static byte[] Integrity(TpmState tpm, ulong sequence, uint handle, uint hierarchy, byte[] encrypted)
    {
        byte[] restarts = (handle == StClearObject)
            ? Bytes.UInt32(tpm.Persistent.RestartCount)
            : [];
        byte[] head = new TpmWriter().UInt64(sequence).UInt32(handle).ToArray();
        return Hash.Hmac(
            TPM_ALG_SHA512, tpm.FindHierarchy(hierarchy)!.Proof, tpm.Persistent.Null.Proof, restarts, head, encrypted);
    }
}
