namespace SecureAgent.HwSim.Tpm;

/// <summary>The sizes that this implementation chose, as swtpm 0.7.1 has them.</summary>
internal static class Limits
{
    /// <summary>TPM_PT_FIRMWARE_VERSION_1 and _2.</summary>
    public const ulong FirmwareVersion = 0x0000_0001_0000_0000;

    /// <summary>MAX_RSA_KEY_BYTES.</summary>
    public const int MaxRsaBytes = 384;

    /// <summary>MAX_ECC_KEY_BYTES.</summary>
    public const int MaxEccBytes = 80;

    /// <summary>MAX_SYM_DATA.</summary>
    public const int MaxSymData = 128;

    /// <summary>MAX_DIGEST_BUFFER and MAX_NV_BUFFER_SIZE.</summary>
    public const int MaxBuffer = 1024;

    /// <summary>MAX_NV_INDEX_SIZE.</summary>
    public const int MaxNvIndexSize = 2048;

    /// <summary>MAX_LOADED_OBJECTS.</summary>
    public const int LoadedObjects = 3;

    /// <summary>MIN_EVICT_OBJECTS.</summary>
    public const int MinPersistentObjects = 7;

    /// <summary>Persistent objects that fit into non-volatile memory.</summary>
    public const int PersistentObjects = 64;

    /// <summary>NV indices that fit into non-volatile memory.</summary>
    public const int NvIndices = 64;

    /// <summary>The largest saved context of an object.</summary>
    public const int MaxContext = 2692;

    /// <summary>The largest saved context of a session.</summary>
    public const int MaxSessionContext = 404;

    /// <summary>MAX_LOADED_SESSIONS.</summary>
    public const int LoadedSessions = 3;

    /// <summary>MAX_ACTIVE_SESSIONS.</summary>
    public const int ActiveSessions = 64;

    /// <summary>MAX_COMMAND_SIZE and MAX_RESPONSE_SIZE.</summary>
    public const int MaxCommand = 4096;
}
