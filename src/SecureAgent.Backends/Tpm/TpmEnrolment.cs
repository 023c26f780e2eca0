using System.Security.Cryptography;
using SecureAgent.Backends.Pins;
using SecureAgent.Backends.PrivateKeys;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Tpm;

/// <summary>Makes keys in the TPM, moves existing ones into it, and seals Ed25519 seeds. A key has signed once, and its
/// signature was verified, before its file is written.</summary>
public sealed class TpmEnrolment : IDisposable
{
    private const int MaximumPinBytes = 32;

    private readonly TpmKeyDirectory _directory;
    private readonly ISecretMemory _memory;
    private readonly TpmPinFlow _flow;

    /// <summary>Prepares enrolment; asks no TPM yet.</summary>
    /// <param name="directory">Where key files go. Stays the caller's.</param>
    /// <param name="access">The TPM. Stays the caller's.</param>
    /// <param name="prompter">Asked for the owner's password where the TPM has one.</param>
    /// <param name="time">The clock.</param>
    public TpmEnrolment(TpmKeyDirectory directory, TpmAccess access, IPrompter prompter, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(access);
        _directory = directory;
        _memory = access.Memory;
        _flow = new TpmPinFlow(access, prompter, PinCachePolicy.Never, time);
    }

    /// <summary>Makes a key.</summary>
    /// <param name="request">What it is to be.</param>
    /// <param name="type"><c>ecdsa-256</c>, <c>ecdsa-384</c>, <c>ecdsa-521</c>, <c>rsa-2048</c> or
    /// <c>rsa-3072</c>.</param>
    /// <param name="ct">Ends the wait for the TPM's queue.</param>
    /// <exception cref="BackendException">The TPM has no such keys, or refused; no file was written.</exception>
    public async Task<TpmKeyEntry> NewAsync(TpmKeyRequest request, string type, CancellationToken ct)
    {
        TpmPcrSelection? pcrs = Check(request);
        TpmKeyTemplate template = TpmKeyTypes.Parse(type);
        Tss2PrivateKeyFile file = await _flow.RunAsync(TpmParent.Owner, tpm =>
        {
            TpmKeyTypes.RequireSupport(tpm.Capabilities, template);
            KeyPolicy policy = KeyPolicy.Of(tpm, pcrs, request.Pin);
            TpmKeyBlobs blobs = tpm.Create(template, TpmParent.Owner, PinOf(request), policy.Digest);
            return Proven(tpm, request, MakeFile(request, blobs, policy) with { Comment = request.Comment });
        }, ct).ConfigureAwait(false);
        return _directory.Write(request.Name, file, request.ReplacePublicKey);
    }

    /// <summary>Moves an existing RSA or ECDSA private key into the TPM. The file it comes from stays as it
    /// is.</summary>
    /// <param name="request">What it is to be.</param>
    /// <param name="content">The private key file: OpenSSH's own format, PKCS #8, PKCS #1 or SEC 1 PEM.</param>
    /// <param name="fileName">What to call it in an error.</param>
    /// <param name="ask">Asked for its passphrase if it is encrypted.</param>
    /// <param name="ct">Ends the wait for the passphrase and for the TPM's queue.</param>
    /// <exception cref="BackendException">The file or the TPM cannot be used for this; no file was written.</exception>
    public async Task<TpmKeyEntry> ImportAsync(
        TpmKeyRequest request, ReadOnlyMemory<byte> content, string fileName, AskPassphrase ask, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(ask);
        TpmPcrSelection? pcrs = Check(request);
        using PrivateKeyMaterial key = await PrivateKeyFile.ReadAsync(content, fileName, ask, ct).ConfigureAwait(false);
        if (key.Ed25519Seed is not null)
        {
            throw new BackendException(
                BackendFailure.Refused, $"{fileName} is an Ed25519 key, which no TPM computes with. "
                + $"Seal it instead: secure-agent key seal {request.Name} {fileName}");
        }

        TpmKeyTemplate template = TpmKeyTypes.Of(key, fileName);
        Tss2PrivateKeyFile file = await _flow.RunAsync(TpmParent.Owner, tpm =>
        {
            TpmKeyTypes.RequireSupport(tpm.Capabilities, template);
            KeyPolicy policy = KeyPolicy.Of(tpm, pcrs, request.Pin);
            TpmKeyBlobs blobs = key.Rsa is RSAParameters rsa
                ? tpm.Import(rsa, TpmParent.Owner, PinOf(request), policy.Digest)
                : tpm.Import(key.Ecdsa.GetValueOrDefault(), TpmParent.Owner, PinOf(request), policy.Digest);
            return Proven(tpm, request, MakeFile(request, blobs, policy) with { Comment = CommentOf(request, key) });
        }, ct).ConfigureAwait(false);
        return _directory.Write(request.Name, file, request.ReplacePublicKey);
    }

    /// <summary>Makes an Ed25519 key whose seed only the TPM can open.</summary>
    /// <exception cref="BackendException">The TPM refused; no file was written.</exception>
    public async Task<TpmKeyEntry> SealAsync(TpmKeyRequest request, CancellationToken ct)
    {
        TpmPcrSelection? pcrs = Check(request);
        using Secret seed = _memory.Allocate(Ed25519.SeedSizeBytes);
        RandomNumberGenerator.Fill(seed.Span);
        return await SealAsync(request, pcrs, request.Comment, seed, ct).ConfigureAwait(false);
    }

    /// <summary>Seals the seed of an existing Ed25519 private key. The file it comes from stays as it is.</summary>
    /// <param name="request">What it is to be.</param>
    /// <param name="content">The private key file: OpenSSH's own format or PKCS #8 PEM.</param>
    /// <param name="fileName">What to call it in an error.</param>
    /// <param name="ask">Asked for its passphrase if it is encrypted.</param>
    /// <param name="ct">Ends the wait for the passphrase and for the TPM's queue.</param>
    /// <exception cref="BackendException">The file or the TPM cannot be used for this; no file was written.</exception>
    public async Task<TpmKeyEntry> SealAsync(
        TpmKeyRequest request, ReadOnlyMemory<byte> content, string fileName, AskPassphrase ask, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(ask);
        TpmPcrSelection? pcrs = Check(request);
        using PrivateKeyMaterial key = await PrivateKeyFile.ReadAsync(content, fileName, ask, ct).ConfigureAwait(false);
        if (key.Ed25519Seed is null)
        {
            throw new BackendException(
                BackendFailure.Refused, $"{fileName} is not an Ed25519 key, and only those are sealed. "
                + $"The TPM can hold this one: secure-agent key import {request.Name} {fileName} --in tpm");
        }

        using Secret seed = _memory.Allocate(Ed25519.SeedSizeBytes);
        key.Ed25519Seed.CopyTo(seed.Span);
        return await SealAsync(request, pcrs, CommentOf(request, key), seed, ct).ConfigureAwait(false);
    }

    /// <summary>The types that this TPM makes, as <see cref="NewAsync"/> takes them.</summary>
    public Task<IReadOnlyList<string>> SupportedTypesAsync(CancellationToken ct) =>
        _flow.RunAsync(TpmParent.Owner, tpm => TpmKeyTypes.Supported(tpm.Capabilities), ct);

    /// <summary>Zeroes passwords.</summary>
    public void Dispose() => _flow.Dispose();

    private async Task<TpmKeyEntry> SealAsync(
        TpmKeyRequest request, TpmPcrSelection? pcrs, string? comment, Secret seed, CancellationToken ct)
    {
        Ed25519PublicKey key = new(Ed25519.PublicKeyOf(seed.Span));
        // The sealed object does not show the public key, so its line stands in the file's description.
        string description = OpenSshPublicKeyLine.Format(key.Blob, comment ?? request.Name);
        Tss2PrivateKeyFile file = await _flow.RunAsync(TpmParent.Owner, tpm =>
        {
            KeyPolicy policy = KeyPolicy.Of(tpm, pcrs, request.Pin);
            TpmKeyBlobs blobs = tpm.Seal(seed.Span, TpmParent.Owner, PinOf(request), policy.Digest);
            return Proven(tpm, request,
                MakeFile(request, blobs, policy) with { Type = Tss2KeyType.Sealed, Description = description });
        }, ct).ConfigureAwait(false);
        return _directory.Write(request.Name, file, request.ReplacePublicKey);
    }

    // Everything that can be refused before the TPM is asked.
    private TpmPcrSelection? Check(TpmKeyRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _directory.RequireFree(request.Name, request.ReplacePublicKey);
        if (request.Pin is Secret pin && (pin.Length is 0 or > MaximumPinBytes || pin.Span[^1] == 0))
        {
            throw new BackendException(BackendFailure.Refused,
                $"The PIN of a TPM key has 1 to {MaximumPinBytes} bytes, and no zero byte at its end.");
        }

        if (request.Comment is string comment && !IsComment(comment))
        {
            throw new BackendException(BackendFailure.Refused,
                "A comment has no line breaks or other control characters, and no five dashes in a row.");
        }

        return request.Pcrs is null ? null : Tss2PolicyReplay.ParseList(request.Pcrs);
    }

    private static ReadOnlySpan<byte> PinOf(TpmKeyRequest request) => request.Pin is Secret pin ? pin.Span : [];

    private static string? CommentOf(TpmKeyRequest request, PrivateKeyMaterial key) =>
        request.Comment ?? (string.IsNullOrWhiteSpace(key.Comment) || !IsComment(key.Comment) ? null : key.Comment);

    // Five dashes could read as the begin of a PEM block.
    private static bool IsComment(string comment) =>
        !comment.Any(char.IsControl) && !comment.Contains("-----", StringComparison.Ordinal);

    private static Tss2PrivateKeyFile MakeFile(TpmKeyRequest request, TpmKeyBlobs blobs, KeyPolicy policy) => new()
    {
        Type = Tss2KeyType.Loadable,
        EmptyAuth = request.Pin is null,
        Policy = policy.Commands,
        PublicKey = blobs.PublicArea,
        PrivateKey = blobs.PrivateArea,
    };

    // What is proven is what will be read back, not what is in memory.
    private Tss2PrivateKeyFile Proven(TpmConnection tpm, TpmKeyRequest request, Tss2PrivateKeyFile file)
    {
        Tss2PrivateKeyFile written = Tss2PrivateKeyFile.Parse(file.Encode(), request.Name);
        TpmKeyEntry key = TpmKeyReader.Usable(request.Name, _directory.Path, written);
        byte[] challenge = RandomNumberGenerator.GetBytes(32);
        if (key.IsSealed)
        {
            using Secret seed = SealedEd25519Signer.Unseal(tpm, key, PinOf(request));
            return Verified(SignatureAlgorithm.SshEd25519, SealedEd25519Signer.Sign(key, seed.Span, challenge));
        }

        SignatureFlags flags = SignatureFlags.SSH_AGENT_RSA_SHA2_256;
        SignatureAlgorithm algorithm = SignatureAlgorithm.For(key.PublicKey!, flags); // A usable key has one.
        byte[] digest = CryptographicOperations.HashData(algorithm.Hash!.Value, challenge); // RSA and ECDSA have one.
        return Verified(
            algorithm, TpmSigner.Sign(tpm, key, TpmSigner.SchemeOf(key, algorithm), digest, PinOf(request)));

        Tss2PrivateKeyFile Verified(SignatureAlgorithm used, byte[] signature) =>
            SignatureVerifier.Verify(key.PublicKey!, used, challenge, signature) // A usable key has one.
                ? file
                : throw new BackendException(BackendFailure.Refused,
                    $"The first signature of the new key {request.Name} is wrong. Nothing was written.");
    }

    /// <summary>The policy of a new key: what the TPM gets and what the file says.</summary>
    private sealed record KeyPolicy(byte[] Digest, IReadOnlyList<Tss2Policy> Commands)
    {
        public static KeyPolicy Of(TpmConnection tpm, TpmPcrSelection? pcrs, Secret? pin)
        {
            if (pcrs is null)
            {
                return new KeyPolicy([], []);
            }

            TpmPolicy policy = new(pcrs, AuthValue: pin is not null);
            byte[] values = tpm.ReadPcrs(pcrs, TpmParent.Owner);
            return new KeyPolicy(policy.Digest(values), Tss2PolicyReplay.Write(policy, SHA256.HashData(values)));
        }
    }
}
