using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Decides whether each session of a command is genuine and authorizes its handle (Part 1, 19; Part 3, 5.6).</summary>
internal sealed class Authorization(
    TpmState tpm, CommandContext context, IReadOnlyList<SessionUse> uses, SessionUse? decrypt, SessionUse? encrypt, byte[] parameters)
{
    /// <summary>Checks the session with number <paramref name="number"/>.</summary>
    /// <exception cref="TpmError">With the session's number where the code has room for one.</exception>
    public void Check(SessionUse use, int number)
    {
        try
        {
            if (use.Session is not null)
            {
                use.CpHash = CpHash(use.Session.AuthHash);
            }

            if (use.HandleNumber != 0)
            {
                CheckHandle(use);
            }
            else
            {
                CheckHmac(use);
            }
        }
        catch (TpmError error)
        {
            throw error.ResponseCode.Session(number);
        }
    }

    private void CheckHandle(SessionUse use)
    {
        bool isPolicy = use.Session is { IsPolicy: true };
        bool usesAuthValue = !isPolicy || use.Session!.Policy.IsAuthValueNeeded || use.Session.Policy.IsPasswordNeeded;
        if (usesAuthValue && !tpm.IsDAExempt(context, use.HandleNumber))
        {
            tpm.Lockout.Check(context.Handle(use.HandleNumber) == TPM_RH_LOCKOUT);
        }

        if (!isPolicy && IsPolicyRequired(use.HandleNumber))
        {
            throw TPM_RC_AUTH_TYPE.Error();
        }

        if (isPolicy)
        {
            CheckPolicy(use);
        }
        else if (!IsAuthValueAvailable(use.HandleNumber))
        {
            throw TPM_RC_AUTH_UNAVAILABLE.Error();
        }

        if (use.Session is null || (isPolicy && use.Session.Policy.IsPasswordNeeded))
        {
            CheckPassword(use);
            return;
        }

        use.IncludeAuth = isPolicy ? use.Session.Policy.IsAuthValueNeeded : !IsBoundTo(use.Session, use.HandleNumber);
        CheckHmac(use);
    }

    private AuthRole RoleOf(int handleNumber) => context.Command.Handles[handleNumber - 1].Role;

    private bool IsPolicyRequired(int handleNumber) => RoleOf(handleNumber) switch
    {
        AuthRole.Dup => true,
        AuthRole.Admin => context.Entity(handleNumber) is not TpmObject target
            || target.Public.Has(TPMA_OBJECT.adminWithPolicy),
        _ => false,
    };

    private bool IsAuthValueAvailable(int handleNumber) => context.Entity(handleNumber) switch
    {
        TpmObject target => target.Sensitive is not null
            && (target.Public.Has(TPMA_OBJECT.userWithAuth)
                || (RoleOf(handleNumber) == AuthRole.Admin && !target.Public.Has(TPMA_OBJECT.adminWithPolicy))),
        null when TypeOf(context.Handle(handleNumber)) == TPM_HT.TPM_HT_NV_INDEX =>
            tpm.Nv.IsAuthValueAvailable(context.Handle(handleNumber), context.Command.Code),
        _ => true,
    };

    private bool IsPolicyAvailable(int handleNumber) => RoleOf(handleNumber) == AuthRole.Admin
        || TypeOf(context.Handle(handleNumber)) != TPM_HT.TPM_HT_NV_INDEX
        || tpm.Nv.IsPolicyAvailable(context.Handle(handleNumber), context.Command.Code);

    private void CheckPolicy(SessionUse use)
    {
        TpmSession session = use.Session!;
        PolicyState policy = session.Policy;
        (TPM_ALG_ID hash, byte[] authPolicy) = tpm.AuthPolicyOf(context, use.HandleNumber);
        if (context.Entity(use.HandleNumber) is null && (authPolicy.Length == 0 || !IsPolicyAvailable(use.HandleNumber)))
        {
            throw TPM_RC_AUTH_UNAVAILABLE.Error();
        }

        if (context.Command.Code == TPM_CC_PolicySecret && !policy.IsPasswordNeeded && !policy.IsAuthValueNeeded)
        {
            throw TPM_RC_MODE.Error();
        }

        if (policy.PcrUpdateCounter is uint counter && counter != tpm.Pcr.UpdateCounter)
        {
            throw TPM_RC_PCR_CHANGED.Error();
        }

        if (hash != session.AuthHash || !CryptographicOperations.FixedTimeEquals(policy.Digest, authPolicy))
        {
            throw TPM_RC_POLICY_FAIL.Error();
        }

        if (policy.Timeout is ulong timeout && timeout < tpm.Clock.Time)
        {
            throw TPM_RC_EXPIRED.Error();
        }

        if (policy.CommandCode is TPM_CC code ? code != context.Command.Code : RoleOf(use.HandleNumber) != AuthRole.User)
        {
            throw (policy.CommandCode is null ? TPM_RC_POLICY_FAIL : TPM_RC_POLICY_CC).Error();
        }

        if (policy.CpHash is not null && !CryptographicOperations.FixedTimeEquals(policy.CpHash, use.CpHash))
        {
            throw TPM_RC_POLICY_FAIL.Error();
        }
    }

    private bool IsBoundTo(TpmSession session, int handleNumber) =>
        session.BoundTo is not null && CryptographicOperations.FixedTimeEquals(
            session.BoundTo, TpmState.BindIdentity(tpm.NameOf(context, handleNumber), tpm.AuthValueOf(context, handleNumber)));

    private void CheckPassword(SessionUse use)
    {
        if (!CryptographicOperations.FixedTimeEquals(
            Bytes.TrimAuth(use.Auth), tpm.AuthValueOf(context, use.HandleNumber)))
        {
            throw Failed(use).Error();
        }
    }

    private void CheckHmac(SessionUse use)
    {
        TpmSession session = use.Session!;
        byte[] key = use.IncludeAuth
            ? Bytes.Concat(session.SessionKey, tpm.AuthValueOf(context, use.HandleNumber))
            : session.SessionKey;
        if (key.Length == 0 && use.Auth.Length == 0)
        {
            return;
        }

        // The first session also vouches for the nonces of separate decrypt and encrypt sessions (Part 1, 19.6.5).
        bool isFirst = use == uses[0];
        byte[] nonceDecrypt = isFirst && decrypt is not null && decrypt != use ? decrypt.Session!.NonceTpm : [];
        byte[] nonceEncrypt = isFirst && encrypt is not null && encrypt != use && encrypt != decrypt
            ? encrypt.Session!.NonceTpm
            : [];
        byte[] expected = Hash.Hmac(
            session.AuthHash, key, use.CpHash!, use.NonceCaller, session.NonceTpm, nonceDecrypt, nonceEncrypt,
            [(byte)use.Attributes]);
        if (!CryptographicOperations.FixedTimeEquals(expected, use.Auth))
        {
            throw Failed(use).Error();
        }
    }

    private TPM_RC Failed(SessionUse use)
    {
        bool exempt = use.HandleNumber == 0 || tpm.IsDAExempt(context, use.HandleNumber);
        bool counts = use.Session is null || (use.Session.IsPolicy && use.Session.Policy.IsPasswordNeeded)
            ? !exempt
            : use.Session.IsDaBound || (!exempt && use.IncludeAuth);
        if (!counts)
        {
            return TPM_RC_BAD_AUTH;
        }

        bool isLockout = use.Session is { IsLockoutBound: true }
            || (use.HandleNumber != 0 && context.Handle(use.HandleNumber) == TPM_RH_LOCKOUT);
        tpm.Lockout.RegisterFailure(isLockout);
        return TPM_RC_AUTH_FAIL;
    }

    private byte[] CpHash(TPM_ALG_ID algorithm)
    {
        byte[][] names = [.. Enumerable.Range(1, context.Handles.Count).Select(number => tpm.NameOf(context, number))];
        return Hash.Digest(algorithm, Bytes.UInt32((uint)context.Command.Code), Bytes.Concat(names), parameters);
    }
}
