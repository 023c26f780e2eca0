namespace SecureAgent.HwSim.Tpm;

/// <summary>The platform configuration registers, one bank per hash algorithm.</summary>
internal sealed class PcrBanks
{
    /// <summary>IMPLEMENTATION_PCR.</summary>
    public const int Count = 24;

    /// <summary>PLATFORM_PCR in octets of a selection: TPM_PT_PCR_SELECT_MIN.</summary>
    public const int SelectSize = Count / 8;

    /// <summary>PCRs that TPM2_Shutdown(TPM_SU_STATE) keeps: TPM_PT_PCR_SAVE.</summary>
    public const int SavedCount = 16;

    private const int FirstDynamic = 17;
    private const int LastDynamic = 22;

    private readonly Dictionary<TPM_ALG_ID, byte[][]> _banks =
        Hash.Algorithms.ToDictionary(algorithm => algorithm, algorithm => new byte[Count][]);

    /// <summary>pcrUpdateCounter: changes with every extend and reset that policies must notice.</summary>
    public uint UpdateCounter { get; set; }

    /// <summary>The banks' algorithms.</summary>
    public static IReadOnlyList<TPM_ALG_ID> Algorithms => Hash.Algorithms;

    /// <summary>Whether there is a bank for <paramref name="algorithm"/>.</summary>
    public bool HasBank(TPM_ALG_ID algorithm) => _banks.ContainsKey(algorithm);

    /// <summary>TPM Reset and TPM Restart: dynamic PCRs all ones, the others zero; PCR 0 remembers a startup
    /// locality.</summary>
    public void Reset(byte locality)
    {
        ResetFrom(0);
        foreach (byte[][] bank in _banks.Values)
        {
            bank[0][^1] = locality;
        }
    }

    /// <summary>TPM Resume: the PCRs that TPM2_Shutdown did not keep are reset.</summary>
    public void ResetNotSaved() => ResetFrom(SavedCount);

    /// <summary>The value of a PCR.</summary>
    public byte[] Read(TPM_ALG_ID algorithm, int pcr) => _banks[algorithm][pcr];

    /// <summary>Sets a PCR; the caller counts the update.</summary>
    public void Write(TPM_ALG_ID algorithm, int pcr, byte[] value) => _banks[algorithm][pcr] = value;

    /// <summary>Extends a PCR; the caller counts the update.</summary>
    public void Extend(TPM_ALG_ID algorithm, int pcr, byte[] digest) =>
        Write(algorithm, pcr, Hash.Digest(algorithm, Read(algorithm, pcr), digest));

    /// <summary>Extends a PCR; policies notice unless it is one that they need not notice.</summary>
    public void ExtendAndCount(TPM_ALG_ID algorithm, int pcr, byte[] digest)
    {
        Extend(algorithm, pcr, digest);
        CountUpdate(pcr);
    }

    /// <summary>Sets a PCR to zero in every bank.</summary>
    public void ResetOne(int pcr)
    {
        foreach ((TPM_ALG_ID algorithm, byte[][] bank) in _banks)
        {
            bank[pcr] = new byte[Hash.Size(algorithm)];
        }

        CountUpdate(pcr);
    }

    /// <summary>Fails with TPM_RC_LOCALITY if <paramref name="pcr"/> may not be extended from
    /// <paramref name="locality"/>.</summary>
    public static void RequireExtendable(uint pcr, byte locality) =>
        Require(pcr, PcrProperties.ExtendableFrom(locality));

    /// <summary>Fails with TPM_RC_LOCALITY if <paramref name="pcr"/> may not be reset from
    /// <paramref name="locality"/>.</summary>
    public static void RequireResettable(uint pcr, byte locality) =>
        Require(pcr, PcrProperties.ResettableFrom(locality));

    /// <summary>The digest over the selected PCRs, and the selection with what does not exist removed
    /// (Part 1, 17.5; TPM2_PolicyPCR, TPM2_Quote and creation data).</summary>
    public byte[] DigestOf(
        TPM_ALG_ID hash, IReadOnlyList<PcrSelection> selections, out IReadOnlyList<PcrSelection> used)
    {
        used = [.. selections.Select(selection => HasBank(selection.Hash) ? selection : selection.Empty())];
        byte[][] values =
        [
            .. used.SelectMany(selection => selection.Indices.Select(pcr => Read(selection.Hash, pcr))),
        ];
        return Hash.Digest(hash, values);
    }

    private void ResetFrom(int first)
    {
        for (int pcr = first; pcr < Count; pcr++)
        {
            foreach ((TPM_ALG_ID algorithm, byte[][] bank) in _banks)
            {
                bank[pcr] = new byte[Hash.Size(algorithm)];
                if (pcr is >= FirstDynamic and <= LastDynamic)
                {
                    bank[pcr].AsSpan().Fill(0xFF);
                }
            }

            CountUpdate(pcr);
        }
    }

    private static void Require(uint pcr, byte[] allowed)
    {
        if (!PcrProperties.Has(allowed, (int)pcr))
        {
            throw TPM_RC_LOCALITY.Error();
        }
    }

    private void CountUpdate(int pcr)
    {
        if (!PcrProperties.Has(PcrProperties.NoIncrement, pcr))
        {
            UpdateCounter++;
        }
    }
}
