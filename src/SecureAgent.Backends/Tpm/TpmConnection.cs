using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>One TPM, its storage keys, sessions and loaded keys. Not thread-safe: it lives inside one device's queue.
/// The device is opened at first use, and again after it was lost.</summary>
/// <remarks>Every method throws <see cref="TpmException"/> where the TPM refuses, and <see cref="BackendException"/> with
/// <see cref="BackendFailure.DeviceAbsent"/> where the device is gone. The next call starts afresh.</remarks>
internal sealed class TpmConnection : IDisposable
{
    private readonly TpmConnectionOptions _options;

    /// <summary>Prepares a connection; nothing is opened yet.</summary>
    public TpmConnection(TpmConnectionOptions options) => _options = options;

    /// <summary>How many commands were sent to the device, repetitions included.</summary>
    public long CommandCount { get; private set; }

    /// <summary>What the TPM is and can do; asked once per opened device.</summary>
    public TpmCapabilities Capabilities => throw Unopened();

    /// <summary>Sets the password of a hierarchy or of a persistent storage key, for keys below it.</summary>
    /// <param name="handle">As in <see cref="TpmParent.Handle"/>.</param>
    /// <param name="auth">Owned by the connection from here on; <see langword="null"/> forgets it.</param>
    public void SetParentAuth(uint handle, Secret? auth) => throw Unopened();

    /// <summary>Makes a signing key (TPM2_Create).</summary>
    /// <param name="template">The kind of key.</param>
    /// <param name="parent">Its parent.</param>
    /// <param name="authValue">Its PIN, at most 32 bytes; empty for none, and then wrong tries are not counted (noDA).</param>
    /// <param name="authPolicy">Its policy digest, or empty. With a policy the PIN alone does not allow use.</param>
    public TpmKeyBlobs Create(
        TpmKeyTemplate template, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy) =>
        throw Unopened();

    /// <summary>Wraps an existing ECDSA private key (Curve, Q and D) to <paramref name="parent"/> (TPM2_Import).</summary>
    public TpmKeyBlobs Import(
        in ECParameters key, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy) =>
        throw Unopened();

    /// <summary>Wraps an existing RSA private key (Modulus, Exponent and P) to <paramref name="parent"/> (TPM2_Import).</summary>
    public TpmKeyBlobs Import(
        in RSAParameters key, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy) =>
        throw Unopened();

    /// <summary>Seals 1 to 128 bytes (TPM2_Create of a keyed-hash object).</summary>
    public TpmKeyBlobs Seal(
        ReadOnlySpan<byte> secret, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy) =>
        throw Unopened();

    /// <summary>Signs a digest (TPM2_Sign). Costs one command when the key is loaded and has no policy.</summary>
    /// <returns>ECDSA: r‖s, each padded to the field. RSA: a block as long as the modulus. Checked with the public key.</returns>
    /// <exception cref="TpmException"><see cref="BackendFailure.PinRequired"/>: the PIN is wrong, and
    /// <see cref="TpmException.TriesLeft"/> says how many are left. <see cref="BackendFailure.LockedOut"/>: no PIN is taken
    /// until <see cref="TpmException.RetryAfter"/>; nothing was sent if that was known.</exception>
    public byte[] Sign(
        TpmKeyBlobs key, TpmParent parent, TpmSignatureScheme scheme, ReadOnlySpan<byte> digest,
        ReadOnlySpan<byte> authValue, TpmPolicy? policy) =>
        throw Unopened();

    /// <summary>Unseals what <see cref="Seal"/> sealed (TPM2_Unseal); errors as in <see cref="Sign"/>.</summary>
    /// <returns>The secret, which the caller disposes.</returns>
    public Secret Unseal(TpmKeyBlobs key, TpmParent parent, ReadOnlySpan<byte> authValue, TpmPolicy? policy) =>
        throw Unopened();

    /// <summary>Makes the same key with another PIN (TPM2_ObjectChangeAuth); the old blobs keep the old one.</summary>
    public TpmKeyBlobs ChangeAuth(
        TpmKeyBlobs key, TpmParent parent, ReadOnlySpan<byte> oldAuthValue, ReadOnlySpan<byte> newAuthValue) =>
        throw Unopened();

    /// <summary>The policy digest of <paramref name="policy"/> for the PCR values of now (a trial session).</summary>
    public byte[] ComputePolicyDigest(TpmPolicy policy) => throw Unopened();

    /// <summary>The public area of a parent.</summary>
    public TpmPublic ReadParent(TpmParent parent) => throw Unopened();

    /// <summary>The state of the dictionary-attack protection, asked now.</summary>
    public TpmDictionaryAttackState ReadDictionaryAttackState() => throw Unopened();

    /// <summary>Flushes what this connection loaded and closes the device.</summary>
    public void Dispose()
    {
    }

    private TpmException Unopened() => new($"{_options.Open} {CommandCount}");
}
