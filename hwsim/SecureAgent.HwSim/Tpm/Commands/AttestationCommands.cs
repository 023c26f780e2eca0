namespace SecureAgent.HwSim.Tpm.Commands;

/// <summary>Part 3, 18: attestation.</summary>
internal static class AttestationCommands
{
    private const int MaxQualifyingData = Hash.MaxSize + 2;

    /// <summary>The commands of this file.</summary>
    public static IEnumerable<CommandDefinition> All =>
    [
        new(TPM_CC_Certify, Certify, new HandleSlot(HandleKind.Object, AuthRole.Admin), Signer)
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_CertifyCreation, CertifyCreation, Signer, new HandleSlot(HandleKind.Object))
        {
            DecryptFirst = true, EncryptFirst = true,
        },
        new(TPM_CC_Quote, Quote, Signer) { DecryptFirst = true, EncryptFirst = true },
        new(TPM_CC_GetTime, GetTime, new HandleSlot(HandleKind.Endorsement, AuthRole.User), Signer)
        {
            DecryptFirst = true, EncryptFirst = true,
        },
    ];

    private static HandleSlot Signer => new(HandleKind.ObjectOrNull, AuthRole.User);

    private static void Certify(CommandContext context)
    {
        byte[] qualifyingData = context.In.Parameter(1).Sized(MaxQualifyingData);
        SchemeDef requested = SchemeDef.ReadSig(context.In.Parameter(2));
        context.In.End();
        Attestation attestation = new(context, signer: 2, requested, schemeParameter: 2, qualifyingData);
        TpmObject certified = context.Object(1);
        attestation.Write(TPM_ST.TPM_ST_ATTEST_CERTIFY,
            writer => writer.Sized(certified.Name).Sized(certified.QualifiedName));
    }

    private static void CertifyCreation(CommandContext context)
    {
        byte[] qualifyingData = context.In.Parameter(1).Sized(MaxQualifyingData);
        byte[] creationHash = context.In.Parameter(2).Sized(Hash.MaxSize);
        SchemeDef requested = SchemeDef.ReadSig(context.In.Parameter(3));
        Ticket ticket = Ticket.Read(context.In.Parameter(4), TPM_ST.TPM_ST_CREATION);
        context.In.End();
        Attestation attestation = new(context, signer: 1, requested, schemeParameter: 3, qualifyingData);
        TpmObject certified = context.Object(2);
        Ticket expected = Ticket.Creation(context.Tpm, ticket.Hierarchy, certified.Name, creationHash);
        if (!expected.Digest.AsSpan().SequenceEqual(ticket.Digest))
        {
            throw TPM_RC_TICKET.Parameter(4);
        }

        attestation.Write(TPM_ST.TPM_ST_ATTEST_CREATION, writer => writer.Sized(certified.Name).Sized(creationHash));
    }

    private static void Quote(CommandContext context)
    {
        byte[] qualifyingData = context.In.Parameter(1).Sized(MaxQualifyingData);
        SchemeDef requested = SchemeDef.ReadSig(context.In.Parameter(2));
        IReadOnlyList<PcrSelection> selections = PcrSelection.ReadList(context.In.Parameter(3));
        context.In.End();
        Attestation attestation = new(context, signer: 1, requested, schemeParameter: 2, qualifyingData);
        if (attestation.Scheme.Hash == TPM_ALG_NULL)
        {
            // Without a signer no scheme names the hash of the PCRs' digest.
            throw TPM_RC_SCHEME.Parameter(2);
        }

        byte[] digest = context.Tpm.Pcr.DigestOf(
            attestation.Scheme.Hash, selections, out IReadOnlyList<PcrSelection> used);
        attestation.Write(TPM_ST.TPM_ST_ATTEST_QUOTE, writer =>
        {
            PcrSelection.WriteList(writer, used);
            writer.Sized(digest);
        });
    }

    private static void GetTime(CommandContext context)
    {
        byte[] qualifyingData = context.In.Parameter(1).Sized(MaxQualifyingData);
        SchemeDef requested = SchemeDef.ReadSig(context.In.Parameter(2));
        context.In.End();
        Attestation attestation = new(context, signer: 2, requested, schemeParameter: 2, qualifyingData);
        attestation.Write(TPM_ST.TPM_ST_ATTEST_TIME, writer =>
        {
            writer.UInt64(context.Tpm.Clock.Time);
            context.Tpm.Clock.WriteInfo(writer);
            writer.UInt64(Limits.FirmwareVersion);
        });
    }
}
