namespace SecureAgent.Backends.Tpm;

/// <summary>What the private half of a TSS2 key file is, by the object identifier in its <c>type</c> field.</summary>
public enum Tss2KeyType
{
    /// <summary>2.23.133.10.1.3 (and the older 2.23.133.10.2): goes to TPM2_Load under its parent.</summary>
    Loadable,

    /// <summary>2.23.133.10.1.4: goes to TPM2_Import under its parent first, with the <c>secret</c> of the
    /// file.</summary>
    Importable,

    /// <summary>2.23.133.10.1.5: a sealed data object, for TPM2_Load and TPM2_Unseal.</summary>
    Sealed,
}
