using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 23: enhanced authorization.</summary>
internal static class PolicyCommands
{
    private const int MinBranches = 2;
    private const int MaxBranches = 8;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_PolicySecret, PolicySecret,
            new HandleSlot(HandleKind.Entity, AuthRole.User), new HandleSlot(HandleKind.PolicySession))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_PolicyOR, PolicyOr, new HandleSlot(HandleKind.PolicySession)),
        new(TPM_CC_PolicyPCR, PolicyPcr, new HandleSlot(HandleKind.PolicySession)) { DecryptFirst = true },
        new(TPM_CC_PolicyCommandCode, PolicyCommandCode, new HandleSlot(HandleKind.PolicySession)),
        new(TPM_CC_PolicyAuthValue, PolicyAuthValue, new HandleSlot(HandleKind.PolicySession)),
        new(TPM_CC_PolicyPassword, PolicyPassword, new HandleSlot(HandleKind.PolicySession)),
        new(TPM_CC_PolicyGetDigest, PolicyGetDigest, new HandleSlot(HandleKind.PolicySession)) { EncryptFirst = true },
    ];

    private static TpmSession SessionOf(CommandContext context, int number = 1) =>
        context.Tpm.Sessions.FindLoaded(context.Handle(number))!;

    private static void Extend(TpmSession session, params ReadOnlySpan<byte[]> parts) =>
        session.Policy.Digest = Hash.Digest(session.AuthHash, session.Policy.Digest, Bytes.Concat(parts));

    private static byte[] Code(TPM_CC code) => Bytes.UInt32((uint)code);

    private static void PolicySecret(CommandContext context)
    {
        byte[] nonceTpm = context.In.Parameter(1).Sized(Hash.MaxSize);
        byte[] cpHash = context.In.Parameter(2).Sized(Hash.MaxSize);
        byte[] policyRef = context.In.Parameter(3).Sized(Hash.MaxSize);
        int expiration = unchecked((int)context.In.Parameter(4).UInt32());
        context.In.End();
        TpmSession session = SessionOf(context, 2);
        byte[] name = context.Tpm.NameOf(context, 1);
        ulong? timeout = Timeout(session, nonceTpm, expiration);
        if (!session.IsTrial)
        {
            CheckSecret(session, nonceTpm, cpHash);
            if (timeout < context.Tpm.Clock.Time)
            {
                throw TPM_RC_EXPIRED.Parameter(4);
            }

            session.Policy.Timeout = Earlier(session.Policy.Timeout, timeout);
            session.Policy.CpHash = cpHash.Length > 0 ? cpHash : session.Policy.CpHash;
        }

        Extend(session, Code(TPM_CC_PolicySecret), name);
        Extend(session, policyRef);
        WriteSecretTicket(context, session, expiration, timeout, cpHash, policyRef, name);
    }

    private static void CheckSecret(TpmSession session, byte[] nonceTpm, byte[] cpHash)
    {
        if (nonceTpm.Length != 0 && !nonceTpm.AsSpan().SequenceEqual(session.NonceTpm))
        {
            throw TPM_RC_NONCE.Parameter(1);
        }

        if (cpHash.Length != 0)
        {
            if (cpHash.Length != Hash.Size(session.AuthHash))
            {
                throw TPM_RC_SIZE.Parameter(2);
            }

            if (session.Policy.CpHash is byte[] earlier && !cpHash.AsSpan().SequenceEqual(earlier))
            {
                throw TPM_RC_CPHASH.Error();
            }
        }
    }

    // Without the session's nonce, the expiration is a point in the TPM's time.
    private static ulong? Timeout(TpmSession session, byte[] nonceTpm, int expiration)
    {
        ulong from = nonceTpm.Length == 0 ? 0 : session.Policy.StartTime;
        return expiration == 0 ? null : from + ((ulong)Math.Abs((long)expiration) * 1000);
    }

    private static ulong? Earlier(ulong? left, ulong? right) =>
        left is ulong a && right is ulong b ? Math.Min(a, b) : left ?? right;

    private static void WriteSecretTicket(
        CommandContext context, TpmSession session, int expiration, ulong? timeout, byte[] cpHash, byte[] policyRef, byte[] name)
    {
        if (session.IsTrial || expiration >= 0 || timeout is not ulong end)
        {
            context.Out.Sized([]);
            Ticket.Null(TPM_ST.TPM_ST_AUTH_SECRET).Write(context.Out);
            return;
        }

        byte[] timeoutOctets = new TpmWriter().UInt64(end).ToArray();
        uint hierarchy = context.Entity(1)?.Hierarchy ?? context.Handle(1);
        uint proofOf = context.Tpm.FindHierarchy(hierarchy) is null || hierarchy == TPM_RH_LOCKOUT ? TPM_RH_OWNER : hierarchy;
        context.Out.Sized(timeoutOctets);
        Ticket.AuthSecret(context.Tpm, proofOf, timeoutOctets, cpHash, policyRef, name).Write(context.Out);
    }

    private static void PolicyOr(CommandContext context)
    {
        TpmReader reader = context.In.Parameter(1);
        uint count = reader.UInt32();
        if (count is < MinBranches or > MaxBranches)
        {
            throw TPM_RC_SIZE.Parameter(1);
        }

        byte[][] branches = new byte[count][];
        for (int i = 0; i < branches.Length; i++)
        {
            branches[i] = reader.Sized(Hash.MaxSize);
        }

        reader.End();
        TpmSession session = SessionOf(context);
        if (!session.IsTrial && !Array.Exists(branches, branch => branch.AsSpan().SequenceEqual(session.Policy.Digest)))
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        session.Policy.Digest = new byte[Hash.Size(session.AuthHash)];
        Extend(session, Code(TPM_CC_PolicyOR), Bytes.Concat(branches));
    }

    private static void PolicyPcr(CommandContext context)
    {
        byte[] expected = context.In.Parameter(1).Sized(Hash.MaxSize);
        IReadOnlyList<PcrSelection> selections = PcrSelection.ReadList(context.In.Parameter(2));
        context.In.End();
        TpmSession session = SessionOf(context);
        PcrBanks pcr = context.Tpm.Pcr;
        byte[] digest = pcr.DigestOf(session.AuthHash, selections, out IReadOnlyList<PcrSelection> used);
        if (session.IsTrial)
        {
            digest = expected.Length > 0 ? expected : digest;
        }
        else
        {
            if (session.Policy.PcrUpdateCounter is uint counter && counter != pcr.UpdateCounter)
            {
                throw TPM_RC_PCR_CHANGED.Error();
            }

            if (expected.Length != 0 && !CryptographicOperations.FixedTimeEquals(expected, digest))
            {
                throw TPM_RC_VALUE.Parameter(1);
            }

            session.Policy.PcrUpdateCounter = pcr.UpdateCounter;
        }

        TpmWriter list = new();
        PcrSelection.WriteList(list, used);
        Extend(session, Code(TPM_CC_PolicyPCR), list.ToArray(), digest);
    }

    private static void PolicyCommandCode(CommandContext context)
    {
        TPM_CC code = (TPM_CC)context.In.Parameter(1).UInt32();
        context.In.End();
        TpmSession session = SessionOf(context);
        if (session.Policy.CommandCode is TPM_CC earlier && earlier != code)
        {
            throw TPM_RC_VALUE.Parameter(1);
        }

        if (CommandTable.Find(code) is null)
        {
            throw TPM_RC_POLICY_CC.Parameter(1);
        }

        Extend(session, Code(TPM_CC_PolicyCommandCode), Code(code));
        session.Policy.CommandCode = code;
    }

    private static void PolicyAuthValue(CommandContext context)
    {
        context.In.End();
        TpmSession session = SessionOf(context);
        Extend(session, Code(TPM_CC_PolicyAuthValue));
        session.Policy.IsAuthValueNeeded = true;
        session.Policy.IsPasswordNeeded = false;
    }

    private static void PolicyPassword(CommandContext context)
    {
        context.In.End();
        TpmSession session = SessionOf(context);

        // The digest is that of TPM2_PolicyAuthValue: one policy allows both.
        Extend(session, Code(TPM_CC_PolicyAuthValue));
        session.Policy.IsPasswordNeeded = true;
        session.Policy.IsAuthValueNeeded = false;
    }

    private static void PolicyGetDigest(CommandContext context)
    {
        context.In.End();
        context.Out.Sized(SessionOf(context).Policy.Digest);
    }
}
