namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 11: sessions.</summary>
internal static class SessionCommands
{
    private const int MinimumNonce = 16;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_StartAuthSession, StartAuthSession,
            new HandleSlot(HandleKind.ObjectOrNull), new HandleSlot(HandleKind.EntityOrNull))
        {
            DecryptFirst = true, EncryptFirst = true, ReturnsHandle = true,
        },
        new(TPM_CC_PolicyRestart, PolicyRestart, new HandleSlot(HandleKind.PolicySession)),
    ];

    private static void StartAuthSession(CommandContext context)
    {
        byte[] nonceCaller = context.In.Parameter(1).Sized(Hash.MaxSize);
        byte[] encryptedSalt = context.In.Parameter(2).Sized(SecretExchange.MaxEncryptedSecret);
        TPM_SE type = (TPM_SE)context.In.Parameter(3).UInt8();
        if (!Enum.IsDefined(type))
        {
            throw TPM_RC_VALUE.Parameter(3);
        }

        SymDef symmetric = SymDef.ReadSession(context.In.Parameter(4));
        TPM_ALG_ID authHash = SchemeDef.ReadHash(context.In.Parameter(5));
        context.In.End();
        int size = Hash.Size(authHash);
        if (nonceCaller.Length < MinimumNonce || nonceCaller.Length > size)
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        byte[] salt = DecryptSalt(context, encryptedSalt);
        CheckBindable(context);
        if (symmetric.Algorithm == TPM_ALG_AES && symmetric.Mode != TPM_ALG_CFB)
        {
            throw TPM_RC_MODE.Parameter(4);
        }

        bool isPolicy = type != TPM_SE.TPM_SE_HMAC;
        bool hasBind = context.Handle(2) != TPM_RH_NULL;
        byte[] bindAuth = hasBind ? context.Tpm.AuthValueOf(context, 2) : [];
        byte[] nonceTpm = TpmState.Random(nonceCaller.Length);
        bool isBound = hasBind && !isPolicy;
        TpmSession session = new()
        {
            Handle = context.Tpm.Sessions.NewHandle(isPolicy),
            Type = type,
            AuthHash = authHash,
            Symmetric = symmetric,
            NonceTpm = nonceTpm,
            SessionKey = hasBind || context.Handle(1) != TPM_RH_NULL
                ? Kdf.Kdfa(authHash, Bytes.Concat(bindAuth, salt), "ATH", nonceTpm, nonceCaller, size * 8)
                : [],
            BoundTo = isBound ? TpmState.BindIdentity(context.Tpm.NameOf(context, 2), bindAuth) : null,
            IsDaBound = isBound && !context.Tpm.IsDAExempt(context, 2),
            IsLockoutBound = isBound && context.Handle(2) == TPM_RH_LOCKOUT,
        };
        session.RestartPolicy(context.Tpm.Clock.Time);
        context.Tpm.Sessions.Add(session);
        context.ResponseHandle = session.Handle;
        context.Out.Sized(nonceTpm);
    }

    private static byte[] DecryptSalt(CommandContext context, byte[] encryptedSalt)
    {
        if (context.Handle(1) == TPM_RH_NULL)
        {
            return encryptedSalt.Length == 0 ? [] : throw TPM_RC_VALUE.Parameter(2);
        }

        TpmObject key = context.Object(1);
        if (!key.Public.IsAsymmetric)
        {
            throw TPM_RC_KEY.Handle(1);
        }

        if (encryptedSalt.Length == 0)
        {
            throw TPM_RC_VALUE.Parameter(2);
        }

        if (key.Sensitive is null)
        {
            throw TPM_RC_HANDLE.Handle(1);
        }

        if (!key.Public.Has(TPMA_OBJECT.decrypt))
        {
            throw TPM_RC_ATTRIBUTES.Handle(1);
        }

        try
        {
            return SecretExchange.Decrypt(key, SecretExchange.Salt, encryptedSalt);
        }
        catch (TpmError)
        {
            // Whatever is wrong with the salt, there is one answer.
            throw TPM_RC_VALUE.Parameter(2);
        }
    }

    private static void CheckBindable(CommandContext context)
    {
        if (context.Entity(2) is TpmObject { Sensitive: null })
        {
            throw TPM_RC_HANDLE.Handle(2);
        }
    }

    private static void PolicyRestart(CommandContext context)
    {
        context.In.End();
        context.Tpm.Sessions.FindLoaded(context.Handle(1))!.RestartPolicy(context.Tpm.Clock.Time);
    }
}
