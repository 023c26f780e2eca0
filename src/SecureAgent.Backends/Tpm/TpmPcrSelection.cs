namespace SecureAgent.Backends.Tpm;

/// <summary>PCRs of one bank (TPMS_PCR_SELECTION, TPM 2.0 Part 2, 10.6.1).</summary>
internal sealed class TpmPcrSelection
{
    /// <summary>Selects <paramref name="pcrs"/> of the bank <paramref name="hash"/>.</summary>
    /// <param name="hash">The bank, such as <see cref="TPM_ALG.SHA256"/>.</param>
    /// <param name="pcrs">Indices 0 to 23, in any order.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is above 23.</exception>
    public TpmPcrSelection(TPM_ALG hash, IEnumerable<int> pcrs)
    {
        Hash = hash;
        foreach (int pcr in pcrs)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(pcr, nameof(pcrs));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(pcr, 23, nameof(pcrs));
            Mask |= 1u << pcr;
        }
    }

    /// <summary>The bank.</summary>
    public TPM_ALG Hash { get; }

    /// <summary>Bit n set: PCR n is selected.</summary>
    public uint Mask { get; }
}
