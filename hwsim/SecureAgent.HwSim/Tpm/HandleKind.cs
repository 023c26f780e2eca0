namespace SecureAgent.HwSim.Tpm;

/// <summary>What a handle in a command's handle area may be: the interface types of Part 2, 9.</summary>
internal enum HandleKind
{
    /// <summary>TPMI_DH_OBJECT: a transient or persistent object.</summary>
    Object,

    /// <summary>TPMI_DH_OBJECT+.</summary>
    ObjectOrNull,

    /// <summary>TPMI_DH_PARENT+: an object or a hierarchy.</summary>
    Parent,

    /// <summary>TPMI_RH_HIERARCHY+: owner, endorsement, platform, null.</summary>
    Hierarchy,

    /// <summary>TPMI_RH_HIERARCHY without null.</summary>
    HierarchyNotNull,

    /// <summary>TPMI_RH_HIERARCHY_AUTH: owner, endorsement, platform, lockout.</summary>
    HierarchyAuth,

    /// <summary>TPMI_RH_PROVISION: owner, platform.</summary>
    Provision,

    /// <summary>TPMI_RH_CLEAR: lockout, platform.</summary>
    Clear,

    /// <summary>TPMI_RH_LOCKOUT.</summary>
    Lockout,

    /// <summary>TPMI_RH_PLATFORM.</summary>
    Platform,

    /// <summary>TPMI_RH_ENDORSEMENT.</summary>
    Endorsement,

    /// <summary>TPMI_DH_ENTITY: whatever has an authValue.</summary>
    Entity,

    /// <summary>TPMI_DH_ENTITY+.</summary>
    EntityOrNull,

    /// <summary>TPMI_SH_POLICY.</summary>
    PolicySession,

    /// <summary>TPMI_SH_HMAC.</summary>
    HmacSession,

    /// <summary>TPMI_DH_CONTEXT: a transient object or a session.</summary>
    Context,

    /// <summary>TPMI_DH_PCR.</summary>
    Pcr,

    /// <summary>TPMI_DH_PCR+.</summary>
    PcrOrNull,

    /// <summary>TPMI_RH_NV_INDEX.</summary>
    NvIndex,

    /// <summary>TPMI_RH_NV_AUTH: platform, owner or an NV index.</summary>
    NvAuth,
}
