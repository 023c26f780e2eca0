namespace SecureAgent.Backends.Tpm;

/// <summary>What one connection has in the TPM, in order of last use.</summary>
internal sealed class TpmLoadedObjects
{
    /// <summary>Transient objects held at once. The PC client profile promises three, and Linux's resource manager
    /// gives each open file three, whatever the TPM has.</summary>
    public const int MaxTransient = 3;

    private readonly List<TpmLoadedObject> _objects = [];

    /// <summary>Everything loaded, least recently used first.</summary>
    public IReadOnlyList<TpmLoadedObject> All => _objects;

    /// <summary>Whether another transient object would be one too many.</summary>
    public bool IsFull => _objects.Count(item => item.IsTransient) >= MaxTransient;

    /// <summary>Finds a key (or with <see langword="null"/> the parent itself) and counts that as a use.</summary>
    public TpmLoadedObject? Find(TpmParent parent, string? keyId)
    {
        for (int i = _objects.Count - 1; i >= 0; i--)
        {
            TpmLoadedObject item = _objects[i];
            if (item.Parent == parent && item.KeyId == keyId)
            {
                _objects.RemoveAt(i);
                _objects.Add(item);
                return item;
            }
        }

        return null;
    }

    /// <summary>Adds what was loaded.</summary>
    public void Add(TpmLoadedObject item) => _objects.Add(item);

    /// <summary>Removes what was flushed.</summary>
    public void Remove(TpmLoadedObject item) => _objects.Remove(item);

    /// <summary>Forgets everything.</summary>
    public void Clear() => _objects.Clear();

    /// <summary>What to flush for room: the least recently used key, else the least recently used parent, which costs
    /// more to bring back.</summary>
    /// <param name="keep">What is needed now.</param>
    public TpmLoadedObject? Victim(TpmLoadedObject? keep) =>
        _objects.Find(item => item.IsTransient && item.KeyId is not null && item != keep)
        ?? _objects.Find(item => item.IsTransient && item != keep);
}
