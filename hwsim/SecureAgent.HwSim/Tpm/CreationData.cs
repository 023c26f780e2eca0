namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMS_CREATION_DATA (Part 2, 15.1).</summary>
internal static class CreationData
{
    /// <summary>The structure, without a size in front.</summary>
    /// <param name="tpm">Whose PCRs.</param>
    /// <param name="nameAlg">The new object's nameAlg, which also digests the PCRs.</param>
    /// <param name="locality">The command's locality.</param>
    /// <param name="parent">The parent; <see langword="null"/> for a primary object.</param>
    /// <param name="hierarchy">The hierarchy of a primary object.</param>
    /// <param name="outsideInfo">The caller's data.</param>
    /// <param name="selections">The caller's PCRs.</param>
    public static byte[] Build(
        TpmState tpm, TPM_ALG_ID nameAlg, byte locality, TpmObject? parent, uint hierarchy, byte[] outsideInfo,
        IReadOnlyList<PcrSelection> selections)
    {
        byte[] pcrDigest = tpm.Pcr.DigestOf(nameAlg, selections, out IReadOnlyList<PcrSelection> used);
        byte[] handle = Bytes.UInt32(hierarchy);
        TpmWriter writer = new();
        PcrSelection.WriteList(writer, used);
        writer.Sized(pcrDigest)
            .UInt8((byte)(1 << locality))
            .Algorithm(parent?.Public.NameAlg ?? TPM_ALG_NULL)
            .Sized(parent?.Name ?? handle)
            .Sized(parent?.QualifiedName ?? handle)
            .Sized(outsideInfo);
        return writer.ToArray();
    }
}
