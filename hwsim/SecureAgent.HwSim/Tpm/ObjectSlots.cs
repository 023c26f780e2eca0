namespace SecureAgent.HwSim.Tpm;

/// <summary>The transient object slots.</summary>
internal sealed class ObjectSlots
{
    private readonly LoadedEntity?[] _slots = new LoadedEntity?[Limits.LoadedObjects];

    /// <summary>What is loaded, in order of handles.</summary>
    public IEnumerable<LoadedEntity> Loaded => _slots.OfType<LoadedEntity>();

    /// <summary>Slots not taken.</summary>
    public int Free => _slots.Count(slot => slot is null);

    /// <summary>Whether <paramref name="handle"/> is one that a slot can have.</summary>
    public static bool IsTransient(uint handle) => handle is >= TRANSIENT_FIRST and < TRANSIENT_FIRST + Limits.LoadedObjects;

    /// <summary>What <paramref name="handle"/> names, or <see langword="null"/>.</summary>
    public LoadedEntity? Find(uint handle) => IsTransient(handle) ? _slots[handle - TRANSIENT_FIRST] : null;

    /// <summary>Fails if every slot is taken.</summary>
    /// <exception cref="TpmError">TPM_RC_OBJECT_MEMORY.</exception>
    public void RequireFree()
    {
        if (Free == 0)
        {
            throw TPM_RC_OBJECT_MEMORY.Error();
        }
    }

    /// <summary>Puts <paramref name="entity"/> into the first free slot and returns its handle.</summary>
    /// <exception cref="TpmError">TPM_RC_OBJECT_MEMORY.</exception>
    public uint Add(LoadedEntity entity)
    {
        RequireFree();
        int slot = Array.IndexOf(_slots, null);
        _slots[slot] = entity;
        entity.Handle = TRANSIENT_FIRST + (uint)slot;
        return entity.Handle;
    }

    /// <summary>Empties the slot of <paramref name="handle"/>.</summary>
    public void Flush(uint handle) => _slots[handle - TRANSIENT_FIRST] = null;

    /// <summary>Empties the slots of one hierarchy.</summary>
    public void FlushHierarchy(uint hierarchy)
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            if (_slots[i]?.Hierarchy == hierarchy)
            {
                _slots[i] = null;
            }
        }
    }

    /// <summary>Empties every slot.</summary>
    public void Clear() => Array.Clear(_slots);
}
