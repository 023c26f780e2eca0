namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 17: hash, HMAC and event sequences.</summary>
internal static class SequenceCommands
{
    /// <summary>A sequence that was given more is out of memory.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_HashSequenceStart, HashStart) { DecryptFirst = true, ReturnsHandle = true },
        new(TPM_CC_HMAC_Start, HmacStart, new HandleSlot(HandleKind.Object, AuthRole.User))
        {
            DecryptFirst = true, ReturnsHandle = true,
        },
        new(TPM_CC_SequenceUpdate, Update, new HandleSlot(HandleKind.Object, AuthRole.User)) { DecryptFirst = true },
        new(TPM_CC_SequenceComplete, Complete, new HandleSlot(HandleKind.Object, AuthRole.User))
        {
            DecryptFirst = true, EncryptFirst = true, Flushed = true,
        },
        new(TPM_CC_EventSequenceComplete, EventComplete,
            new HandleSlot(HandleKind.PcrOrNull, AuthRole.User), new HandleSlot(HandleKind.Object, AuthRole.User))
        {
            DecryptFirst = true, Nv = true, Flushed = true,
        },
    ];

    private static void HashStart(CommandContext context)
    {
        byte[] auth = context.In.Parameter(1).Sized(Hash.MaxSize);
        TPM_ALG_ID algorithm = SchemeDef.ReadHash(context.In.Parameter(2), allowNull: true);
        context.In.End();
        Start(context, auth, algorithm, null);
    }

    private static void HmacStart(CommandContext context)
    {
        byte[] auth = context.In.Parameter(1).Sized(Hash.MaxSize);
        TPM_ALG_ID requested = SchemeDef.ReadHash(context.In.Parameter(2), allowNull: true);
        context.In.End();
        TpmObject key = context.Object(1);
        Start(context, auth, SigningCommands.HmacAlgorithm(key, requested), key.Sensitive!.Value);
    }

    private static void Start(CommandContext context, byte[] auth, TPM_ALG_ID algorithm, byte[]? hmacKey) =>
        context.ResponseHandle = context.Tpm.Objects.Add(new TpmSequence
        {
            Hierarchy = TPM_RH_NULL,
            AuthValue = Bytes.TrimAuth(auth),
            Algorithm = algorithm,
            HmacKey = hmacKey,
        });

    private static void Update(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        context.In.End();
        TpmSequence sequence = context.Entity(1) as TpmSequence ?? throw TPM_RC_MODE.Handle(1);
        Append(sequence, data);
    }

    private static void Complete(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        uint hierarchy = context.In.Parameter(2).UInt32();
        if (!HandleArea.Is(HandleKind.Hierarchy, hierarchy))
        {
            throw TPM_RC_VALUE.Parameter(2);
        }

        context.In.End();
        if (context.Entity(1) is not TpmSequence { IsEvent: false } sequence)
        {
            throw TPM_RC_MODE.Handle(1);
        }

        Append(sequence, data);
        byte[] all = [.. sequence.Data];
        TPM_ALG_ID algorithm = sequence.Algorithm;
        if (sequence.HmacKey is byte[] key)
        {
            context.Out.Sized(Hash.Hmac(algorithm, key, all));
            Ticket.Null(TPM_ST.TPM_ST_HASHCHECK).Write(context.Out);
        }
        else
        {
            byte[] digest = Hash.Digest(algorithm, all);
            context.Out.Sized(digest);
            SigningCommands.HashTicket(context.Tpm, hierarchy, algorithm, all, digest).Write(context.Out);
        }

        context.Tpm.Objects.Flush(sequence.Handle);
    }

    private static void EventComplete(CommandContext context)
    {
        byte[] data = context.In.Parameter(1).Sized(Limits.MaxBuffer);
        context.In.End();
        if (context.Entity(2) is not TpmSequence { IsEvent: true } sequence)
        {
            throw TPM_RC_MODE.Handle(2);
        }

        if (context.Handle(1) != TPM_RH_NULL)
        {
            PcrBanks.RequireExtendable(context.Handle(1), context.Locality);
        }

        Append(sequence, data);
        PcrCommands.WriteEvent(context, context.Handle(1), [.. sequence.Data]);
        context.Tpm.Objects.Flush(sequence.Handle);
    }

    private static void Append(TpmSequence sequence, byte[] data)
    {
        if (data.Length > MaxBytes - sequence.Data.Count)
        {
            throw TPM_RC_MEMORY.Error();
        }

        sequence.Data.AddRange(data);
    }
}
