using System.Buffers.Binary;

namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMS_ATTEST in the making, and its signature (Part 2, 10.12; Part 3, 18.1).</summary>
internal sealed class Attestation
{
    private const uint TPM_GENERATED_VALUE = 0xFF54_4347;
    private const int ObfuscationBits = 128;

    private readonly CommandContext _context;
    private readonly TpmObject? _signer;
    private readonly byte[] _qualifyingData;

    /// <summary>Selects key and scheme.</summary>
    /// <param name="context">The command.</param>
    /// <param name="signer">The number of the handle that signs; it may be TPM_RH_NULL.</param>
    /// <param name="requested">The caller's scheme.</param>
    /// <param name="schemeParameter">The number of the parameter that <paramref name="requested"/> came from.</param>
    /// <param name="qualifyingData">The caller's data.</param>
    /// <exception cref="TpmError">TPM_RC_KEY: not a signing key; TPM_RC_SCHEME: no scheme that fits it.</exception>
    public Attestation(
        CommandContext context, int signer, SchemeDef requested, int schemeParameter, byte[] qualifyingData)
    {
        _context = context;
        _qualifyingData = qualifyingData;
        Scheme = SchemeDef.Null;
        if (context.Handle(signer) == TPM_RH_NULL)
        {
            return;
        }

        _signer = context.Object(signer);
        if (!_signer.Public.Has(TPMA_OBJECT.sign) || _signer.Public.Type == TPM_ALG_SYMCIPHER)
        {
            throw TPM_RC_KEY.Handle(signer);
        }

        Scheme = Signing.SelectScheme(_signer, requested) ?? throw TPM_RC_SCHEME.Parameter(schemeParameter);
    }

    /// <summary>The scheme of the signature.</summary>
    public SchemeDef Scheme { get; }

    /// <summary>Writes the response parameters: the attestation and its signature, of TPM_ALG_NULL without a
    /// signer.</summary>
    /// <param name="type">Which TPMU_ATTEST.</param>
    /// <param name="attested">Writes it.</param>
    public void Write(TPM_ST type, Action<TpmWriter> attested)
    {
        TpmWriter writer = new();
        byte[] qualifiedSigner = _signer?.QualifiedName ?? Bytes.UInt32(TPM_RH_NULL);
        writer.UInt32(TPM_GENERATED_VALUE).Tag(type).Sized(qualifiedSigner).Sized(_qualifyingData);
        WriteClock(writer, qualifiedSigner);
        attested(writer);
        byte[] attestation = writer.ToArray();
        _context.Out.Sized(attestation);
        Signature signature = _signer is null
            ? Signature.Null
            : Signing.Sign(_signer, Scheme, Hash.Digest(Scheme.Hash, attestation));
        signature.Write(_context.Out);
    }

    /// <summary>clockInfo and firmwareVersion; for a signer outside of the endorsement and platform hierarchies, the
    /// counters
    /// and the version are shifted by a secret of the signer's, so that they do not link keys (Part 1, 36.7).</summary>
    private void WriteClock(TpmWriter writer, byte[] qualifiedSigner)
    {
        PersistentState persistent = _context.Tpm.Persistent;
        ulong version = Limits.FirmwareVersion;
        uint resets = persistent.ResetCount;
        uint restarts = persistent.RestartCount;
        if (_signer?.Hierarchy is not (TPM_RH_ENDORSEMENT or TPM_RH_PLATFORM))
        {
            byte[] secret = Kdf.Kdfa(
                TPM_ALG_SHA512, persistent.Owner.Proof, "OBFUSCATE", qualifiedSigner, [], ObfuscationBits);
            version = unchecked(version + BinaryPrimitives.ReadUInt64BigEndian(secret));
            resets = unchecked(resets + BinaryPrimitives.ReadUInt32BigEndian(secret.AsSpan(8)));
            restarts = unchecked(restarts + BinaryPrimitives.ReadUInt32BigEndian(secret.AsSpan(12)));
        }

        writer.UInt64(_context.Tpm.Clock.Clock).UInt32(resets).UInt32(restarts).YesNo(_context.Tpm.Clock.Safe)
            .UInt64(version);
    }
}
