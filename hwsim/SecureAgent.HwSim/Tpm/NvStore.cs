namespace SecureAgent.HwSim.Tpm;

/// <summary>The NV indices. Whoever changes one calls <see cref="PersistentState.Touch"/>.</summary>
internal sealed class NvStore
{
    private readonly SortedDictionary<uint, NvIndex> _indices = [];

    /// <summary>The indices in order.</summary>
    public IEnumerable<NvIndex> All => _indices.Values;

    /// <summary>The highest value of any counter that was removed: a new one starts above it.</summary>
    public ulong HighestCounter { get; set; }

    /// <summary>TPM Reset or TPM Restart: locks that last until then are gone, and so is what CLEAR_STCLEAR, or
    /// ORDERLY at a
    /// reset, keeps no longer.</summary>
    public void Startup(bool isReset)
    {
        foreach (NvIndex index in _indices.Values)
        {
            index.Attributes &= ~TPMA_NV.READLOCKED;
            if (!index.IsCounter && (index.Has(TPMA_NV.CLEAR_STCLEAR) || (isReset && index.Has(TPMA_NV.ORDERLY))))
            {
                index.Attributes &= ~TPMA_NV.WRITTEN;
            }

            if (!index.Has(TPMA_NV.WRITEDEFINE) || !index.Has(TPMA_NV.WRITTEN))
            {
                index.Attributes &= ~TPMA_NV.WRITELOCKED;
            }
        }
    }

    /// <summary>The index <paramref name="handle"/>, or <see langword="null"/>.</summary>
    public NvIndex? Find(uint handle) => _indices.GetValueOrDefault(handle);

    /// <summary>The index <paramref name="handle"/>, which the handle area has already found.</summary>
    public NvIndex Get(uint handle) => _indices[handle];

    /// <summary>Adds an index.</summary>
    public void Add(NvIndex index) => _indices.Add(index.Index, index);

    /// <summary>Removes an index.</summary>
    public void Remove(uint handle) => _indices.Remove(handle);

    /// <summary>phEnableNV: indices that the platform created may be used. Set again at every startup.</summary>
    public bool PlatformEnabled { get; set; } = true;

    /// <summary>Fails with TPM_RC_HANDLE for the handle with this number if there is no such index, or if the
    /// hierarchy that
    /// created it is disabled.</summary>
    public void RequireAccessible(uint handle, int handleNumber, bool ownerEnabled)
    {
        NvIndex index = Find(handle) ?? throw TPM_RC_HANDLE.Handle(handleNumber);
        if (index.Has(TPMA_NV.PLATFORMCREATE) ? !PlatformEnabled : !ownerEnabled)
        {
            throw TPM_RC_HANDLE.Handle(handleNumber);
        }
    }

    /// <summary>Whether the index's own authValue may authorize <paramref name="command"/>: AUTHWRITE for commands that
    /// write, AUTHREAD for the others.</summary>
    public bool IsAuthValueAvailable(uint handle, TPM_CC command)
    {
        TPMA_NV needed = IsWrite(command) ? TPMA_NV.AUTHWRITE : TPMA_NV.AUTHREAD;
        return Find(handle) is NvIndex index && index.Has(needed);
    }

    /// <summary>Whether the index's policy may authorize <paramref name="command"/>: POLICYWRITE for commands that
    /// write,
    /// POLICYREAD for the others.</summary>
    public bool IsPolicyAvailable(uint handle, TPM_CC command)
    {
        TPMA_NV needed = IsWrite(command) ? TPMA_NV.POLICYWRITE : TPMA_NV.POLICYREAD;
        return Find(handle) is NvIndex index && index.Has(needed);
    }

    /// <summary>Whether <paramref name="command"/> writes an NV index.</summary>
    public static bool IsWrite(TPM_CC command) => command is TPM_CC_NV_Write or TPM_CC_NV_Increment or TPM_CC_NV_SetBits
        or TPM_CC_NV_Extend or TPM_CC_NV_WriteLock;
}
