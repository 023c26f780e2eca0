using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>The whole TPM: persistent and volatile state, and what is asked of it everywhere.</summary>
internal sealed class TpmState
{
    /// <summary>Makes a TPM that is powered off.</summary>
    public TpmState(TpmSimulatorOptions options)
    {
        Persistent = new PersistentState(options.StateFile);
        Clock = new TpmClock(options.Time, Persistent);
        Lockout = new DictionaryAttack(Persistent, Clock);
    }

    /// <summary>What survives the loss of power.</summary>
    public PersistentState Persistent { get; }

    /// <summary>NV indices.</summary>
    public NvStore Nv => Persistent.Nv;

    /// <summary>Dictionary attack protection.</summary>
    public DictionaryAttack Lockout { get; }

    /// <summary>Time.</summary>
    public TpmClock Clock { get; }

    /// <summary>The transient object slots.</summary>
    public ObjectSlots Objects { get; } = new();

    /// <summary>The sessions.</summary>
    public SessionTable Sessions { get; } = new();

    /// <summary>The PCRs.</summary>
    public PcrBanks Pcr { get; } = new();

    /// <summary>Numbers the saved contexts.</summary>
    public ulong ContextCounter { get; set; }

    /// <summary>Power is on.</summary>
    public bool Powered { get; set; }

    /// <summary>TPM2_Startup was run.</summary>
    public bool Started { get; private set; }

    /// <summary>The last shutdown was orderly.</summary>
    public bool WasOrderly { get; private set; }

    /// <summary>_TPM_Init.</summary>
    public void Initialize()
    {
        Powered = true;
        Started = false;
        Objects.Clear();
        Sessions.Clear();
        Clock.Start();
    }

    /// <summary>TPM2_Startup.</summary>
    /// <exception cref="TpmError">TPM_RC_VALUE: TPM_SU_STATE without such a shutdown before.</exception>
    public void Startup(TPM_SU type, byte locality)
    {
        TPM_SU? shutdown = Persistent.Shutdown;
        if (type == TPM_SU.TPM_SU_STATE && shutdown != TPM_SU.TPM_SU_STATE)
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        if (type == TPM_SU.TPM_SU_STATE)
        {
            VolatileLayout.Restore(this, Persistent.SavedVolatile);
            Persistent.RestartCount++;
        }
        else
        {
            ResetVolatile(locality, restart: shutdown == TPM_SU.TPM_SU_STATE);
        }

        WasOrderly = shutdown is not null;
        Persistent.ClockSafe &= WasOrderly;
        Lockout.Startup(WasOrderly);
        Persistent.Shutdown = null;
        Persistent.SavedVolatile = [];
        Persistent.Touch();
        Started = true;
    }

    /// <summary>Octets from the random number generator.</summary>
    public static byte[] Random(int length) => RandomNumberGenerator.GetBytes(length);

    /// <summary>The hierarchy, TPM_RH_LOCKOUT included, with handle <paramref name="handle"/>.</summary>
    public HierarchySecrets? FindHierarchy(uint handle) => handle switch
    {
        TPM_RH_OWNER => Persistent.Owner,
        TPM_RH_ENDORSEMENT => Persistent.Endorsement,
        TPM_RH_PLATFORM => Persistent.Platform,
        TPM_RH_NULL => Persistent.Null,
        TPM_RH_LOCKOUT => Persistent.LockoutHierarchy,
        _ => null,
    };

    /// <summary>Whether the permanent handle <paramref name="handle"/> may be used.</summary>
    public bool IsHierarchyEnabled(uint handle) => FindHierarchy(handle)?.Enabled ?? true;

    /// <summary>Reads a persistent object into a slot for one command.</summary>
    /// <exception cref="TpmError">TPM_RC_OBJECT_MEMORY: no slot is free.</exception>
    public TpmObject? LoadPersistent(uint handle)
    {
        uint hierarchy = handle >= PLATFORM_PERSISTENT ? TPM_RH_PLATFORM : TPM_RH_OWNER;
        if (!IsHierarchyEnabled(hierarchy))
        {
            return null;
        }

        Objects.RequireFree();
        if (!Persistent.Objects.TryGetValue(handle, out byte[]? saved))
        {
            return null;
        }

        TpmObject loaded = ObjectLayout.Restore(new TpmReader(saved));
        loaded.Handle = handle;
        return IsHierarchyEnabled(loaded.Hierarchy) ? loaded : null;
    }

    /// <summary>The Name of handle <paramref name="number"/> (counted from 1) of a command (Part 1, 16).</summary>
    public byte[] NameOf(CommandContext context, int number)
    {
        uint handle = context.Handle(number);
        return context.Entity(number)?.Name ?? Nv.Find(handle)?.Name ?? Bytes.UInt32(handle);
    }

    /// <summary>The authValue of handle <paramref name="number"/> (counted from 1) of a command; empty for what has none or is gone.</summary>
    public byte[] AuthValueOf(CommandContext context, int number)
    {
        uint handle = context.Handle(number);
        return context.Entity(number)?.AuthValue ?? FindHierarchy(handle)?.AuthValue ?? Nv.Find(handle)?.AuthValue ?? [];
    }

    /// <summary>The authPolicy of handle <paramref name="number"/> (counted from 1) of a command; empty for what has none.</summary>
    public (TPM_ALG_ID Hash, byte[] Policy) AuthPolicyOf(CommandContext context, int number)
    {
        uint handle = context.Handle(number);
        if (context.Entity(number) is TpmObject target)
        {
            return (target.Public.NameAlg, target.Public.AuthPolicy);
        }

        if (FindHierarchy(handle) is HierarchySecrets hierarchy)
        {
            return (hierarchy.PolicyHash, hierarchy.Policy);
        }

        return Nv.Find(handle) is NvIndex index ? (index.NameAlg, index.AuthPolicy) : (TPM_ALG_NULL, []);
    }

    /// <summary>Whether failures to authorize handle <paramref name="number"/> (counted from 1) do not count towards lockout.</summary>
    public bool IsDAExempt(CommandContext context, int number)
    {
        uint handle = context.Handle(number);
        return context.Entity(number)?.NoDA ?? Nv.Find(handle)?.Has(TPMA_NV.NO_DA) ?? handle != TPM_RH_LOCKOUT;
    }

    /// <summary>What a bound session remembers of its bind entity (Part 1, 19.6.10).</summary>
    public static byte[] BindIdentity(byte[] name, byte[] authValue) =>
        Bytes.Concat(Bytes.UInt16((ushort)name.Length), name, authValue);

    private void ResetVolatile(byte locality, bool restart)
    {
        Nv.Startup(isReset: !restart);
        HierarchySecrets platform = Persistent.Platform;
        platform.AuthValue = [];
        platform.Policy = [];
        platform.PolicyHash = TPM_ALG_NULL;
        platform.Enabled = true;
        Nv.PlatformEnabled = true;
        Persistent.Owner.Enabled = true;
        Persistent.Endorsement.Enabled = true;
        if (restart)
        {
            VolatileLayout.RestoreContexts(this, Persistent.SavedVolatile);
            Pcr.Reset(locality);
            Persistent.RestartCount++;
            return;
        }

        Persistent.Null.Seed = Random(Hash.MaxSize);
        Persistent.Null.Proof = Random(Hash.MaxSize);
        ContextCounter = 0;
        Pcr.UpdateCounter = 0;
        Pcr.Reset(locality);
        Persistent.ResetCount++;
        Persistent.RestartCount = 0;
    }
}
