using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>What a connection keeps inside the TPM: storage keys, keys in use and one salted session.</summary>
/// <remarks>Only what this connection put there is ever flushed. After a lost connection the TPM's reset counter tells
/// whether those things are still there (a socket to a bare TPM keeps them, and its slots are few) or went with the
/// restart; objects are flushed only if their handle still has their Name. Sessions have no Name, so a session's handle
/// is flushed only where the counter did not move.</remarks>
internal sealed class TpmResidents : IDisposable
{
    private readonly TpmTransport _transport;
    private readonly TpmCommands _commands;
    private readonly TpmLoadedObjects _objects = new();
    private readonly TpmParentNames _names;
    private readonly Dictionary<uint, Secret> _parentAuths = [];
    private readonly List<uint> _sessionHandles = [];
    private TpmSession? _session;
    private (uint ResetCount, uint RestartCount)? _clock;

    /// <summary>Starts with nothing loaded.</summary>
    public TpmResidents(TpmTransport transport, TpmCommands commands, ITpmNamePin? pin) =>
        (_transport, _commands, _names) = (transport, commands, new TpmParentNames(pin));

    /// <summary>Whose password the next refusal of an authorisation is about.</summary>
    public TpmAuthSubject Subject { get; private set; }

    /// <summary>Opens the device if it is not open, and finds out what is left inside.</summary>
    public void Open()
    {
        if (!_transport.EnsureOpen())
        {
            return;
        }

        try
        {
            Recollect();
        }
        catch (BackendException)
        {
            _transport.Close();
            throw;
        }
    }

    /// <summary>Starts afresh: flushes what is still loaded, and forgets it all.</summary>
    public void Recollect()
    {
        (uint ResetCount, uint RestartCount)? clock = ReadClock();
        if (clock is not null && clock == _clock)
        {
            FlushAll();
        }

        Forget();
        _clock = clock;
    }

    /// <summary>Sets the password of a hierarchy or persistent storage key.</summary>
    public void SetParentAuth(uint handle, Secret? auth)
    {
        if (_parentAuths.Remove(handle, out Secret? old))
        {
            old.Dispose();
        }

        if (auth is not null)
        {
            _parentAuths[handle] = auth;
        }
    }

    /// <summary>The authValue of the storage key itself. A hierarchy's password guards making its storage key, which
    /// then has none.</summary>
    public ReadOnlySpan<byte> ParentAuth(TpmParent parent) =>
        parent.IsPersistent && _parentAuths.TryGetValue(parent.Handle, out Secret? auth) ? auth.Span : [];

    /// <summary>The session, started with a salt for <paramref name="parent"/> if there is none.</summary>
    public TpmSession Session(TpmParent parent)
    {
        if (_session is null)
        {
            TpmAuthSubject subject = Subject;
            _session = StartSession(TPM_SE.HMAC, parent, usesAuthValue: true);
            Subject = subject;
        }

        return _session;
    }

    /// <summary>Brings a storage key into the TPM, and checks that it is the one remembered.</summary>
    /// <exception cref="TpmException">The TPM has another key there now.</exception>
    public TpmLoadedObject LoadParent(TpmParent parent)
    {
        Subject = TpmAuthSubject.Parent;
        if (_objects.Find(parent, keyId: null) is { } known)
        {
            return known;
        }

        if (!parent.IsPersistent && !parent.IsHierarchy)
        {
            throw new TpmException($"The key file names a parent that is none: 0x{parent.Handle:X8}.");
        }

        if (parent.IsHierarchy)
        {
            MakeRoomBelowLimit(keep: null);
        }

        (uint handle, TpmPublic publicArea) = parent.IsPersistent
            ? (parent.Handle, _commands.ReadPublic(parent.Handle))
            : CreatePrimary(parent);
        TpmLoadedObject loaded = new(new TpmHandle(handle, publicArea.Name), publicArea, parent, KeyId: null);
        _objects.Add(loaded);
        CheckName(loaded);
        return loaded;
    }

    /// <summary>Notes that the TPM answered under an HMAC over the Name of <paramref name="item"/>; a storage key is
    /// remembered from then on.</summary>
    public void Confirm(TpmLoadedObject item)
    {
        if (item.IsProven)
        {
            return;
        }

        item.IsProven = true;
        if (item.KeyId is null)
        {
            _names.Remember(item.Parent, item.Handle.Name);
        }
    }

    /// <summary>Gives up what a refusal leaves in doubt. If somebody on the bus put it in the place of another answer, the
    /// session's nonces have moved on without us, and the right PIN would be counted as a wrong one; and an object that
    /// never proved itself may not be what it was said to be.</summary>
    public void Distrust()
    {
        DropSession();
        foreach (TpmLoadedObject item in _objects.All.Where(item => !item.IsProven).ToList())
        {
            _objects.Remove(item);
            if (_transport.IsOpen)
            {
                FlushIfOurs(item);
            }
        }
    }

    /// <summary>Brings a key into the TPM.</summary>
    public TpmLoadedObject Load(TpmKeyBlobs key, TpmParent parent)
    {
        if (_objects.Find(parent, key.Id) is not { } loaded)
        {
            TpmLoadedObject parentObject = LoadParent(parent);
            TpmSession session = Session(parent);
            MakeRoomBelowLimit(keep: parentObject);
            uint handle = _commands.Load(parentObject.Handle, session, ParentAuth(parent), key);
            Confirm(parentObject);
            loaded = new TpmLoadedObject(new TpmHandle(handle, key.Public.Name), key.Public, parent, key.Id);
            _objects.Add(loaded);
        }

        Subject = TpmAuthSubject.Key;
        return loaded;
    }

    /// <summary>Starts a policy session that satisfies <paramref name="policy"/> now, if the PCRs do.</summary>
    public TpmPolicySession StartPolicy(TpmParent parent, TpmPolicy policy)
    {
        TpmPolicySession use = new(StartSession(TPM_SE.POLICY, parent, policy.AuthValue), FlushQuietly);
        try
        {
            _commands.PolicyPCR(use.Session, policy.Pcrs);
            if (policy.AuthValue)
            {
                _commands.PolicyAuthValue(use.Session);
            }

            Subject = TpmAuthSubject.Key;
            return use;
        }
        catch (BackendException)
        {
            use.Dispose();
            throw;
        }
    }

    /// <summary>Makes room in the TPM after it said that it has none.</summary>
    /// <returns>Whether something of ours could go, so that trying again makes sense.</returns>
    public bool MakeRoom(TpmResponseCode code)
    {
        if (code.Is(TPM_RC.OBJECT_MEMORY) || code.Is(TPM_RC.OBJECT_HANDLES) || code.Is(TPM_RC.MEMORY))
        {
            if (_objects.Victim(keep: null) is not { } victim)
            {
                return false;
            }

            Flush(victim);
            return true;
        }

        return (code.Is(TPM_RC.SESSION_MEMORY) || code.Is(TPM_RC.SESSION_HANDLES)) && DropSession();
    }

    /// <summary>Removes an object of ours.</summary>
    public void Flush(TpmLoadedObject item)
    {
        _objects.Remove(item);
        if (item.IsTransient)
        {
            _commands.FlushContext(item.Handle.Value);
        }
    }

    /// <summary>Flushes what is ours, if the TPM can still be reached.</summary>
    public void Release()
    {
        if (_transport.IsOpen)
        {
            try
            {
                FlushAll();
            }
            catch (BackendException)
            {
                // The device is gone, and with it every reason to tidy up.
            }
        }

        Forget();
    }

    /// <summary>Flushes what is ours, if the TPM can still be reached, and zeroes the passwords.</summary>
    public void Dispose()
    {
        Release();
        foreach (Secret auth in _parentAuths.Values)
        {
            auth.Dispose();
        }

        _parentAuths.Clear();
    }

    private (uint ResetCount, uint RestartCount)? ReadClock()
    {
        for (bool started = false; ; started = true)
        {
            try
            {
                return _commands.ReadClock();
            }
            catch (TpmException e) when (!started && e.Code is { } code && code.Is(TPM_RC.INITIALIZE))
            {
                _commands.Startup();
            }
            catch (TpmException e) when (e.Code is { } code && code.Is(TPM_RC.COMMAND_CODE))
            {
                return null;
            }
        }
    }

    private bool DropSession()
    {
        if (_session is not { } session)
        {
            return false;
        }

        _session = null;
        FlushQuietly(session);
        session.Dispose();
        return true;
    }

    private void CheckName(TpmLoadedObject loaded)
    {
        if (!_names.Allow(loaded.Parent, loaded.Handle.Name))
        {
            Flush(loaded);
            throw new TpmException(
                $"The TPM's key for {loaded.Parent} is not the one this computer remembers. Either the TPM was cleared "
                + "or replaced, and then keys made before are lost, or something between this computer and its TPM "
                + $"pretends to be it. If you cleared the TPM, remove {_names.Place} and make new keys.");
        }
    }

    // No storage key is known yet, so the session that proves a hierarchy's password has no salt. It keeps the password
    // off the bus, but who listens can try guesses against the HMAC: the password must be a strong one.
    private (uint Handle, TpmPublic Public) CreatePrimary(TpmParent parent)
    {
        byte[] template = TpmTemplates.Storage(parent.Rsa);
        if (!_parentAuths.TryGetValue(parent.Handle, out Secret? auth) || auth.Length == 0)
        {
            return _commands.CreatePrimary(parent.Handle, template, TpmAuthorization.EmptyPassword);
        }

        TpmSession session = _commands.StartUnsaltedSession();
        _sessionHandles.Add(session.Handle);
        using TpmPolicySession use = new(session, FlushQuietly);
        (uint, TpmPublic) primary = _commands.CreatePrimary(
            parent.Handle, template, TpmAuthorization.Last(session, auth.Span));
        _sessionHandles.Remove(session.Handle);
        use.Ended();
        return primary;
    }

    private TpmSession StartSession(TPM_SE type, TpmParent parent, bool usesAuthValue)
    {
        TpmLoadedObject salt = LoadParent(parent);
        TpmSession session = _commands.StartAuthSession(type, salt.Handle.Value, salt.Public, usesAuthValue);
        _sessionHandles.Add(session.Handle);
        return session;
    }

    private void MakeRoomBelowLimit(TpmLoadedObject? keep)
    {
        while (_objects.IsFull && _objects.Victim(keep) is { } victim)
        {
            Flush(victim);
        }
    }

    private void FlushQuietly(TpmSession session)
    {
        _sessionHandles.Remove(session.Handle);
        if (!_transport.IsOpen)
        {
            return;
        }

        try
        {
            _commands.FlushContext(session.Handle);
        }
        catch (BackendException)
        {
            // What made the session useless is reported instead.
        }
    }

    private void FlushAll()
    {
        foreach (TpmLoadedObject item in _objects.All)
        {
            FlushIfOurs(item);
        }

        foreach (uint handle in _sessionHandles)
        {
            IgnoreRefusal(() => _commands.FlushContext(handle));
        }
    }

    private void FlushIfOurs(TpmLoadedObject item)
    {
        if (item.IsTransient)
        {
            IgnoreRefusal(() =>
            {
                if (_commands.ReadPublic(item.Handle.Value).Name.AsSpan().SequenceEqual(item.Handle.Name))
                {
                    _commands.FlushContext(item.Handle.Value);
                }
            });
        }
    }

    private static void IgnoreRefusal(Action action)
    {
        try
        {
            action();
        }
        catch (TpmException e) when (e.Code is not null)
        {
            // It is not there any more.
        }
    }

    private void Forget()
    {
        _session?.Dispose();
        _session = null;
        _sessionHandles.Clear();
        _objects.Clear();
    }
}
