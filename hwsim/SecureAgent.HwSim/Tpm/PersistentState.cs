using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>What survives the loss of power.</summary>
internal sealed class PersistentState
{
    private const uint DefaultMaxTries = 3;
    private const uint DefaultRecoverySeconds = 1000;

    private static readonly byte[] Magic = "SATPM\0\0\u0001"u8.ToArray();

    private readonly StateFile? _file;
    private bool _changed;

    /// <summary>Reads <paramref name="path"/>, or makes a new TPM if there is no such file.</summary>
    public PersistentState(string? path)
    {
        _file = path is null ? null : new StateFile(path, Magic, "TPM");
        if (_file?.Read() is byte[] saved)
        {
            StateLayout.Restore(this, saved);
            return;
        }

        Manufacture();
    }

    /// <summary>The owner hierarchy.</summary>
    public HierarchySecrets Owner { get; } = new();

    /// <summary>The endorsement hierarchy.</summary>
    public HierarchySecrets Endorsement { get; } = new();

    /// <summary>The platform hierarchy; its authValue, policy and enable flag are renewed at startup.</summary>
    public HierarchySecrets Platform { get; } = new();

    /// <summary>The null hierarchy, renewed at every TPM Reset.</summary>
    public HierarchySecrets Null { get; } = new();

    /// <summary>The lockout authorization; it has no seed and no proof.</summary>
    public HierarchySecrets LockoutHierarchy { get; } = new();

    /// <summary>failedTries.</summary>
    public uint FailedTries { get; set; }

    /// <summary>maxTries.</summary>
    public uint MaxTries { get; set; } = DefaultMaxTries;

    /// <summary>recoveryTime in seconds.</summary>
    public uint RecoveryTime { get; set; } = DefaultRecoverySeconds;

    /// <summary>lockoutRecovery in seconds.</summary>
    public uint LockoutRecovery { get; set; } = DefaultRecoverySeconds;

    /// <summary>lockoutAuth may be used.</summary>
    public bool LockoutAuthEnabled { get; set; } = true;

    /// <summary>An authorization subject to lockout was tried since startup.</summary>
    public bool DaUsed { get; set; }

    /// <summary>TPM2_ClearControl: TPM2_Clear is disabled.</summary>
    public bool DisableClear { get; set; }

    /// <summary>resetCount.</summary>
    public uint ResetCount { get; set; }

    /// <summary>restartCount.</summary>
    public uint RestartCount { get; set; }

    /// <summary>Clock when it was last recorded, in milliseconds.</summary>
    public ulong Clock { get; set; }

    /// <summary>No value of Clock that was ever reported can be higher.</summary>
    public bool ClockSafe { get; set; } = true;

    /// <summary>How TPM2_Shutdown was last called; <see langword="null"/> if not since startup.</summary>
    public TPM_SU? Shutdown { get; set; }

    /// <summary>What TPM2_Shutdown(TPM_SU_STATE) keeps of the volatile state.</summary>
    public byte[] SavedVolatile { get; set; } = [];

    /// <summary>Persistent objects by handle, as <see cref="ObjectLayout"/> writes them.</summary>
    public SortedDictionary<uint, byte[]> Objects { get; } = [];

    /// <summary>NV indices.</summary>
    public NvStore Nv { get; } = new();

    /// <summary>Something changed: <see cref="Save"/> will write.</summary>
    public void Touch() => _changed = true;

    /// <summary>Writes the state file if something changed.</summary>
    public void Save()
    {
        if (_changed && _file is not null)
        {
            _file.Write(StateLayout.Save(this));
        }

        _changed = false;
    }

    /// <summary>TPM2_Clear: the owner's and the privacy administrator's secrets and everything under them are gone.</summary>
    public void ClearOwner()
    {
        Owner.Seed = RandomNumberGenerator.GetBytes(Hash.MaxSize);
        foreach (HierarchySecrets hierarchy in (HierarchySecrets[])[Owner, Endorsement, LockoutHierarchy])
        {
            hierarchy.AuthValue = [];
            hierarchy.Policy = [];
            hierarchy.PolicyHash = TPM_ALG_NULL;
            hierarchy.Proof = RandomNumberGenerator.GetBytes(Hash.MaxSize);
            hierarchy.Enabled = true;
        }

        foreach (uint handle in Objects.Keys.Where(handle => handle < PLATFORM_PERSISTENT).ToArray())
        {
            Objects.Remove(handle);
        }

        foreach (NvIndex index in Nv.All.Where(index => !index.Has(TPMA_NV.PLATFORMCREATE)).ToArray())
        {
            Nv.Remove(index.Index);
        }

        FailedTries = 0;
        MaxTries = DefaultMaxTries;
        RecoveryTime = DefaultRecoverySeconds;
        LockoutRecovery = DefaultRecoverySeconds;
        LockoutAuthEnabled = true;
        ResetCount = 0;
        RestartCount = 0;
        Touch();
    }

    /// <summary>New seeds and proofs for a new TPM.</summary>
    private void Manufacture()
    {
        foreach (HierarchySecrets hierarchy in (HierarchySecrets[])[Owner, Endorsement, Platform, Null])
        {
            hierarchy.Seed = RandomNumberGenerator.GetBytes(Hash.MaxSize);
            hierarchy.Proof = RandomNumberGenerator.GetBytes(Hash.MaxSize);
        }

        // A TPM that has never run has not been shut down in disorder.
        Shutdown = TPM_SU.TPM_SU_CLEAR;
        Touch();
        Save();
    }
}
