namespace SecureAgent.HwSim.Tpm;

/// <summary>The authorization area of one command and of its response (Part 1, 18 to 21; Part 3, 5.5 and 5.6).</summary>
internal sealed class SessionArea(TpmState tpm, CommandContext context)
{
    private const int MaxSessions = 3;
    private const TPMA_SESSION ReservedAttributes = (TPMA_SESSION)0x18;
    private const TPMA_SESSION Uses = TPMA_SESSION.audit | TPMA_SESSION.decrypt | TPMA_SESSION.encrypt;

    private readonly List<SessionUse> _uses = [];
    private SessionUse? _decrypt;
    private SessionUse? _encrypt;
    private SessionUse? _audit;

    /// <summary>The sessions, in order.</summary>
    public IReadOnlyList<SessionUse> Sessions => _uses;

    /// <summary>A command without sessions must have no handle that needs one.</summary>
    /// <exception cref="TpmError">TPM_RC_AUTH_MISSING.</exception>
    public static void RequireNone(CommandDefinition definition)
    {
        if (definition.Handles.Any(slot => slot.Role != AuthRole.None))
        {
            throw TPM_RC_AUTH_MISSING.Error();
        }
    }

    /// <summary>Reads the area; nothing is authorized yet.</summary>
    public void Read(TpmReader reader)
    {
        if (context.Command.NoSessions)
        {
            throw TPM_RC_AUTH_CONTEXT.Error();
        }

        for (int number = 1; reader.Remaining > 0; number++)
        {
            if (number > MaxSessions)
            {
                throw TPM_RC_SIZE.Session(number);
            }

            _uses.Add(ReadOne(reader, number));
        }

        for (int i = 0; i < context.Command.Handles.Length; i++)
        {
            if (context.Command.Handles[i].Role == AuthRole.None)
            {
                continue;
            }

            if (i >= _uses.Count)
            {
                throw TPM_RC_AUTH_MISSING.Error();
            }

            _uses[i].HandleNumber = i + 1;
        }
    }

    /// <summary>Checks every session against the parameters as they were sent.</summary>
    public void Authorize(byte[] parameters)
    {
        Authorization authorization = new(tpm, context, _uses, _decrypt, _encrypt, parameters);
        for (int number = 1; number <= _uses.Count; number++)
        {
            SessionUse use = _uses[number - 1];
            if (use.Session is null)
            {
                CheckPassword(use, number);
            }
            else if (use.Session.IsTrial)
            {
                throw TPM_RC_ATTRIBUTES.Session(number);
            }
            else if (use.Session.IsDaBound)
            {
                tpm.Lockout.Check(use.Session.IsLockoutBound);
            }

            if (use == _audit && use.Has(TPMA_SESSION.auditExclusive) && use.Session!.AuditDigest is not null
                && tpm.Sessions.ExclusiveAudit != use.Handle)
            {
                throw TPM_RC_EXCLUSIVE.Error();
            }

            if (use.HandleNumber == 0 && !use.Has(Uses))
            {
                throw TPM_RC_ATTRIBUTES.Session(number);
            }

            authorization.Check(use, number);
        }
    }

    /// <summary>The parameters with the first one decrypted, if a session says so.</summary>
    public byte[] Decrypt(byte[] parameters)
    {
        if (_decrypt is null)
        {
            return parameters;
        }

        byte[] plain = [.. parameters];
        int length = FirstLength(plain);
        if (length < 0)
        {
            TPM_RC code = plain.Length < 2 ? TPM_RC_INSUFFICIENT : TPM_RC_SIZE;
            throw code.Session(_uses.IndexOf(_decrypt) + 1);
        }

        TpmSession session = _decrypt.Session!;
        ParameterEncryption.Decrypt(session, KeyOf(_decrypt), _decrypt.NonceCaller, session.NonceTpm, plain.AsSpan(2, length));
        return plain;
    }

    /// <summary>Renews every nonceTPM and encrypts the first response parameter, if a session says so.</summary>
    public byte[] Encrypt(byte[] parameters)
    {
        foreach (SessionUse use in _uses)
        {
            if (use.Session is not null)
            {
                use.Session.NonceTpm = TpmState.Random(use.Session.NonceTpm.Length);
            }
        }

        if (_encrypt is null)
        {
            return parameters;
        }

        TpmSession session = _encrypt.Session!;
        byte[] encrypted = [.. parameters];
        ParameterEncryption.Encrypt(
            session, KeyOf(_encrypt), session.NonceTpm, _encrypt.NonceCaller, encrypted.AsSpan(2, FirstLength(encrypted)));
        return encrypted;
    }

    /// <summary>Writes the response's authorization area and ends the sessions that do not continue.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="parameters">The response parameters as they are sent.</param>
    public void WriteResponse(TpmWriter writer, byte[] parameters)
    {
        UpdateAudit(parameters);
        foreach (SessionUse use in _uses)
        {
            WriteOne(writer, use, parameters);
        }

        foreach (SessionUse use in _uses)
        {
            if (use.Session is not null)
            {
                EndUse(use);
            }
        }
    }

    // A policy session that goes on starts again: what it had gathered was good for one command.
    private void EndUse(SessionUse use)
    {
        if (!use.Has(TPMA_SESSION.continueSession))
        {
            tpm.Sessions.Flush(use.Handle);
        }
        else if (use.Session!.IsPolicy)
        {
            use.Session.RestartPolicy(tpm.Clock.Time);
        }
    }

    private static int FirstLength(byte[] parameters)
    {
        if (parameters.Length < 2)
        {
            return -1;
        }

        int length = (parameters[0] << 8) | parameters[1];
        return length > parameters.Length - 2 ? -1 : length;
    }

    private SessionUse ReadOne(TpmReader reader, int number)
    {
        uint handle;
        byte[] nonce;
        TPMA_SESSION attributes;
        byte[] auth;
        try
        {
            handle = reader.UInt32();
            if (handle != TPM_RS_PW && !SessionTable.IsHmacHandle(handle) && !SessionTable.IsPolicyHandle(handle))
            {
                throw TPM_RC_VALUE.Error();
            }

            nonce = reader.Sized(Hash.MaxSize);
            attributes = (TPMA_SESSION)reader.UInt8();
            if ((attributes & ReservedAttributes) != 0)
            {
                throw TPM_RC_RESERVED_BITS.Error();
            }

            auth = reader.Sized(Hash.MaxSize);
        }
        catch (TpmError error)
        {
            throw error.ResponseCode.Session(number);
        }

        SessionUse use = new()
        {
            Handle = handle,
            Session = handle == TPM_RS_PW ? null : FindSession(handle, number),
            NonceCaller = nonce,
            Attributes = attributes,
            Auth = auth,
        };
        if (use.Session is null)
        {
            CheckPasswordShape(use, number);
        }
        else
        {
            AssignRoles(use, number);
        }

        return use;
    }

    private TpmSession FindSession(uint handle, int number)
    {
        TpmSession session = tpm.Sessions.FindSlot(handle)
            ?? throw ((TPM_RC)((uint)TPM_RC_REFERENCE_S0 + (uint)(number - 1))).Error();
        bool usable = session.Handle == handle && !_uses.Exists(other => other.Handle == handle);
        return usable ? session : throw TPM_RC_HANDLE.Session(number);
    }

    private static void CheckPasswordShape(SessionUse use, int number)
    {
        if (use.NonceCaller.Length != 0)
        {
            throw TPM_RC_NONCE.Session(number);
        }

        if ((use.Attributes & ~TPMA_SESSION.continueSession) != 0)
        {
            throw TPM_RC_ATTRIBUTES.Session(number);
        }
    }

    private static void CheckPassword(SessionUse use, int number)
    {
        if (use.HandleNumber == 0)
        {
            throw TPM_RC_HANDLE.Session(number);
        }
    }

    private void AssignRoles(SessionUse use, int number)
    {
        if (use.Has(TPMA_SESSION.decrypt))
        {
            Assign(ref _decrypt, use, number, context.Command.DecryptFirst);
        }

        if (use.Has(TPMA_SESSION.encrypt))
        {
            Assign(ref _encrypt, use, number, context.Command.EncryptFirst);
        }

        if (use.Has(TPMA_SESSION.audit))
        {
            // One session audits, and no policy session does.
            _audit = _audit is null && !use.Session!.IsPolicy ? use : throw TPM_RC_ATTRIBUTES.Session(number);
        }
    }

    private static void Assign(ref SessionUse? role, SessionUse use, int number, bool allowed)
    {
        if (!allowed || role is not null)
        {
            throw TPM_RC_ATTRIBUTES.Session(number);
        }

        if (use.Session!.Symmetric.Algorithm == TPM_ALG_NULL)
        {
            throw TPM_RC_SYMMETRIC.Session(number);
        }

        role = use;
    }

    /// <summary>The encryption key's start: sessionKey and, for a session that authorizes, the authValue (Part 1, 21.2).</summary>
    private byte[] KeyOf(SessionUse use) => use.HandleNumber == 0
        ? use.Session!.SessionKey
        : Bytes.Concat(use.Session!.SessionKey, tpm.AuthValueOf(context, use.HandleNumber));

    private void WriteOne(TpmWriter writer, SessionUse use, byte[] parameters)
    {
        TPMA_SESSION attributes = use.Attributes;
        if (use.Session is null)
        {
            writer.Sized([]).UInt8((byte)(attributes | TPMA_SESSION.continueSession)).Sized([]);
            return;
        }

        if (use == _audit)
        {
            attributes &= ~TPMA_SESSION.auditExclusive;
            attributes |= tpm.Sessions.ExclusiveAudit == use.Handle ? TPMA_SESSION.auditExclusive : 0;
        }

        writer.Sized(use.Session.NonceTpm).UInt8((byte)attributes).Sized(ResponseHmac(use, attributes, parameters));
    }

    private byte[] ResponseHmac(SessionUse use, TPMA_SESSION attributes, byte[] parameters)
    {
        TpmSession session = use.Session!;
        if (session.IsPolicy && session.Policy.IsPasswordNeeded && use.HandleNumber != 0)
        {
            return [];
        }

        byte[] key = use.IncludeAuth
            ? Bytes.Concat(session.SessionKey, tpm.AuthValueOf(context, use.HandleNumber))
            : session.SessionKey;
        if (key.Length == 0 && use.Auth.Length == 0)
        {
            return [];
        }

        return Hash.Hmac(
            session.AuthHash, key, RpHash(session.AuthHash, parameters), session.NonceTpm, use.NonceCaller, [(byte)attributes]);
    }

    private byte[] RpHash(TPM_ALG_ID algorithm, byte[] parameters) => Hash.Digest(
        algorithm, Bytes.UInt32((uint)TPM_RC_SUCCESS), Bytes.UInt32((uint)context.Command.Code), parameters);

    /// <summary>Extends the audit digest and keeps track of exclusiveness (Part 1, 33).</summary>
    private void UpdateAudit(byte[] parameters)
    {
        if (_audit is null)
        {
            tpm.Sessions.ExclusiveAudit = 0;
            return;
        }

        TpmSession session = _audit.Session!;
        bool starts = session.AuditDigest is null || _audit.Has(TPMA_SESSION.auditReset);
        if (session.AuditDigest is null)
        {
            // An audit session cannot be bound (Part 1, 19.6.12).
            session.BoundTo = null;
        }

        byte[] old = starts ? new byte[Hash.Size(session.AuthHash)] : session.AuditDigest!;
        session.AuditDigest = Hash.Digest(session.AuthHash, old, _audit.CpHash!, RpHash(session.AuthHash, parameters));
        tpm.Sessions.ExclusiveAudit = starts || tpm.Sessions.ExclusiveAudit == _audit.Handle ? _audit.Handle : 0;
    }
}
