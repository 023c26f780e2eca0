namespace SecureAgent.Backends.Tpm;

/// <summary>TPM_CC (TPM 2.0 Part 2, table 12): the commands this program sends.</summary>
internal enum TPM_CC : uint
{
    CreatePrimary = 0x0000_0131,
    Startup = 0x0000_0144,
    ObjectChangeAuth = 0x0000_0150,
    Create = 0x0000_0153,
    Import = 0x0000_0156,
    Load = 0x0000_0157,
    RSA_Decrypt = 0x0000_0159,
    Sign = 0x0000_015D,
    Unseal = 0x0000_015E,
    FlushContext = 0x0000_0165,
    PolicyAuthValue = 0x0000_016B,
    ReadPublic = 0x0000_0173,
    StartAuthSession = 0x0000_0176,
    GetCapability = 0x0000_017A,
    PCR_Read = 0x0000_017E,
    PolicyPCR = 0x0000_017F,
    ReadClock = 0x0000_0181,
    TestParms = 0x0000_018A,
}
