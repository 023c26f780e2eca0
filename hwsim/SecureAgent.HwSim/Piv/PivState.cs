namespace SecureAgent.HwSim.Piv;

/// <summary>What survives the loss of power.</summary>
internal sealed class PivState
{
    private const string DefaultPin = "123456";
    private const string DefaultPuk = "12345678";
    private static readonly byte[] Magic = "SAPIV\0\0\u0001"u8.ToArray();

    private readonly StateFile? _file;
    private byte[]? _saved;

    /// <summary>Reads the state file, or makes a new card if there is none.</summary>
    /// <exception cref="InvalidDataException">The file is not one, or is damaged.</exception>
    public PivState(PivCardOptions options)
    {
        _file = options.StateFile is null ? null : new StateFile(options.StateFile, Magic, "PIV card");
        _saved = _file?.Read();
        (Version firmware, Serial) = _saved is null
            ? (options.Firmware, options.Serial)
            : PivStateLayout.ReadIdentity(_saved);
        Firmware = new PivFirmware(firmware);
        ManagementKey = new ManagementKey(Firmware.DefaultManagementAlgorithm);
        if (_saved is not null)
        {
            PivStateLayout.Restore(this, _saved);
        }

        Save();
    }

    /// <summary>The firmware.</summary>
    public PivFirmware Firmware { get; }

    /// <summary>The serial number.</summary>
    public uint Serial { get; }

    /// <summary>The PIN.</summary>
    public ReferenceData Pin { get; } = new(DefaultPin);

    /// <summary>The PIN unblocking key.</summary>
    public ReferenceData Puk { get; } = new(DefaultPuk);

    /// <summary>The management key.</summary>
    public ManagementKey ManagementKey { get; }

    /// <summary>Key pairs by slot.</summary>
    public SortedDictionary<byte, PivKey> Keys { get; } = [];

    /// <summary>Data objects by tag, without the 53 around them.</summary>
    public SortedDictionary<int, byte[]> Objects { get; } = [];

    /// <summary>The certificate that the attestation key's was issued by; made at first use.</summary>
    public byte[]? AttestationRoot { get; set; }

    /// <summary>Puts a key pair in a slot, over what is there.</summary>
    public void SetKey(byte slot, PivKey key)
    {
        RemoveKey(slot);
        Keys.Add(slot, key);
    }

    /// <summary>Empties a slot.</summary>
    public void RemoveKey(byte slot)
    {
        if (Keys.Remove(slot, out PivKey? old))
        {
            old.Dispose();
        }
    }

    /// <summary>A new card again; only the attestation key and its certificate stay.</summary>
    public void Reset()
    {
        foreach (byte slot in Keys.Keys.Where(slot => slot != PivSlot.Attestation).ToArray())
        {
            RemoveKey(slot);
        }

        foreach (int tag in Objects.Keys.Where(tag => tag != PivObjects.AttestationCertificate).ToArray())
        {
            Objects.Remove(tag);
        }

        Pin.Reset();
        Puk.Reset();
        ManagementKey.Reset();
    }

    /// <summary>Writes the state file if there is one and something changed.</summary>
    /// <returns>Whether it could.</returns>
    public bool TrySave()
    {
        try
        {
            Save();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // tried again after the next command
        }
    }

    private void Save()
    {
        if (_file is null)
        {
            return;
        }

        byte[] content = PivStateLayout.Save(this);
        if (_saved is null || !content.AsSpan().SequenceEqual(_saved))
        {
            _file.Write(content);
            _saved = content;
        }
    }
}
