namespace SecureAgent.HwSim.Tpm;

/// <summary>The sessions: at most <see cref="Limits.LoadedSessions"/> loaded, of at most <see cref="Limits.ActiveSessions"/>
/// that are loaded or saved.</summary>
internal sealed class SessionTable
{
    private readonly SortedDictionary<uint, TpmSession> _loaded = [];
    private readonly SortedDictionary<uint, ulong> _saved = [];

    /// <summary>The exclusive audit session's handle, or 0.</summary>
    public uint ExclusiveAudit { get; set; }

    /// <summary>The loaded sessions, in order of their slots.</summary>
    public IEnumerable<TpmSession> Loaded => _loaded.Values;

    /// <summary>The saved sessions, by slot, with the identifiers of their contexts.</summary>
    public IReadOnlyDictionary<uint, ulong> Saved => _saved;

    /// <summary>Sessions that are loaded or saved.</summary>
    public int Active => _loaded.Count + _saved.Count;

    /// <summary>Whether <paramref name="handle"/> is in the range of HMAC sessions.</summary>
    public static bool IsHmacHandle(uint handle) => handle is >= HMAC_SESSION_FIRST and < HMAC_SESSION_FIRST + Limits.ActiveSessions;

    /// <summary>Whether <paramref name="handle"/> is in the range of policy sessions.</summary>
    public static bool IsPolicyHandle(uint handle) =>
        handle is >= POLICY_SESSION_FIRST and < POLICY_SESSION_FIRST + Limits.ActiveSessions;

    /// <summary>The loaded session <paramref name="handle"/>, or <see langword="null"/>.</summary>
    public TpmSession? FindLoaded(uint handle) =>
        FindSlot(handle) is TpmSession session && session.Handle == handle ? session : null;

    /// <summary>The loaded session in the slot of <paramref name="handle"/>, whatever its type, or <see langword="null"/>.</summary>
    public TpmSession? FindSlot(uint handle) => _loaded.GetValueOrDefault(SlotOf(handle));

    /// <summary>Fails if no session can be loaded.</summary>
    /// <exception cref="TpmError">TPM_RC_SESSION_MEMORY.</exception>
    public void RequireFree()
    {
        if (_loaded.Count >= Limits.LoadedSessions)
        {
            throw TPM_RC_SESSION_MEMORY.Error();
        }
    }

    /// <summary>A handle for a new session: HMAC and policy sessions share the slots.</summary>
    /// <exception cref="TpmError">TPM_RC_SESSION_MEMORY or TPM_RC_SESSION_HANDLES.</exception>
    public uint NewHandle(bool isPolicy)
    {
        RequireFree();
        for (uint slot = 0; slot < Limits.ActiveSessions; slot++)
        {
            if (!_loaded.ContainsKey(slot) && !_saved.ContainsKey(slot))
            {
                return (isPolicy ? POLICY_SESSION_FIRST : HMAC_SESSION_FIRST) + slot;
            }
        }

        throw TPM_RC_SESSION_HANDLES.Error();
    }

    /// <summary>Adds a new session, or one whose context is loaded again.</summary>
    public void Add(TpmSession session)
    {
        _saved.Remove(SlotOf(session.Handle));
        _loaded.Add(SlotOf(session.Handle), session);
    }

    /// <summary>Turns a loaded session into a saved one.</summary>
    public void MarkSaved(TpmSession session, ulong contextId)
    {
        _loaded.Remove(SlotOf(session.Handle));
        _saved.Add(SlotOf(session.Handle), contextId);
        DropExclusive(session.Handle);
    }

    /// <summary>After a restart: a session saved before it is known again.</summary>
    public void RestoreSaved(uint slot, ulong contextId) => _saved.Add(slot, contextId);

    /// <summary>Whether <paramref name="handle"/> names the saved session with this context.</summary>
    public bool IsSaved(uint handle, ulong contextId) => _saved.TryGetValue(SlotOf(handle), out ulong id) && id == contextId;

    /// <summary>Ends a loaded or saved session; says whether there was one.</summary>
    public bool Flush(uint handle)
    {
        DropExclusive(handle);
        return _loaded.Remove(SlotOf(handle)) || _saved.Remove(SlotOf(handle));
    }

    /// <summary>Ends all sessions.</summary>
    public void Clear()
    {
        _loaded.Clear();
        _saved.Clear();
        ExclusiveAudit = 0;
    }

    private static uint SlotOf(uint handle) => handle & 0x00FF_FFFF;

    private void DropExclusive(uint handle)
    {
        if (ExclusiveAudit == handle)
        {
            ExclusiveAudit = 0;
        }
    }
}
