using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>One TPM, its storage keys, its session and its loaded keys. Not thread-safe: it lives inside one device's
/// queue. The device is opened at first use, and again after it was lost.</summary>
/// <remarks>Every method throws <see cref="TpmException"/> where the TPM refuses, and <see cref="BackendException"/>
/// with
/// <see cref="BackendFailure.DeviceAbsent"/> where the device is gone. The next call starts afresh.
/// <para>One salted HMAC session authorises everything: it proves PINs without sending them, encrypts what is secret
/// and covers every answer, so that a warm signature is one command and a changed bit is noticed. A key with a PCR
/// policy needs a policy session of its own for each use: three or four commands.</para></remarks>
internal sealed class TpmConnection : IDisposable
{
    /// <summary>The longest authValue of a key whose nameAlg is SHA-256, in bytes.</summary>
    public const int MaxAuthBytes = 32;

    private const int CrowdedPauses = 12;
    private static readonly TimeSpan CrowdedPause = TimeSpan.FromMilliseconds(250);

    private readonly TpmConnectionOptions _options;
    private readonly TpmTransport _transport;
    private readonly TpmCommands _commands;
    private readonly TpmResidents _residents;
    private readonly TpmLockout _lockout;
    private readonly HashSet<TPM_ALG> _absentHashes = [];
    private TpmCapabilities? _capabilities;

    /// <summary>Prepares a connection; nothing is opened yet.</summary>
    public TpmConnection(TpmConnectionOptions options)
    {
        _options = options;
        _transport = new TpmTransport(options.Open, options.Pause);
        _commands = new TpmCommands(_transport);
        _residents = new TpmResidents(_transport, _commands, options.Pin);
        _lockout = new TpmLockout(options.Clock);
    }

    /// <summary>How many commands were sent to the device, repetitions included.</summary>
    public long CommandCount => _transport.CommandCount;

    /// <summary>What the TPM is and can do; asked once.</summary>
    public TpmCapabilities Capabilities => _capabilities ??= Ask(() => TpmCapabilities.Read(_commands));

    /// <summary>Sets the password of a hierarchy or of a persistent storage key, for keys below it.</summary>
    /// <param name="handle">As in <see cref="TpmParent.Handle"/>.</param>
    /// <param name="auth">Owned by the connection from here on; <see langword="null"/> forgets it.</param>
    public void SetParentAuth(uint handle, Secret? auth) => _residents.SetParentAuth(handle, auth);

    /// <summary>Makes a signing key (TPM2_Create).</summary>
    /// <param name="template">The kind of key.</param>
    /// <param name="parent">Its parent.</param>
    /// <param name="authValue">Its PIN, at most <see cref="MaxAuthBytes"/>; empty for none, and then wrong tries are
    /// not counted (noDA).</param>
    /// <param name="authPolicy">Its policy digest, or empty. With a policy the PIN alone does not allow use.</param>
    public TpmKeyBlobs Create(
        TpmKeyTemplate template, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy)
    {
        CheckAuthLength(authValue);
        CheckSupport(template);
        return Create(
            TpmTemplates.SigningKey(template, ExtraUse(template), !authValue.IsEmpty, authPolicy), parent, authValue, []);
    }

    /// <summary>Seals 1 to 128 bytes (TPM2_Create of a keyed-hash object).</summary>
    public TpmKeyBlobs Seal(
        ReadOnlySpan<byte> secret, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy)
    {
        CheckAuthLength(authValue);
        ArgumentOutOfRangeException.ThrowIfZero(secret.Length, nameof(secret));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(secret.Length, 128, nameof(secret));
        return Create(TpmTemplates.Sealed(!authValue.IsEmpty, authPolicy), parent, authValue, secret);
    }

    /// <summary>Wraps an existing ECDSA private key (Curve, Q and D) to <paramref name="parent"/>
    /// (TPM2_Import).</summary>
    public TpmKeyBlobs Import(
        in ECParameters key, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy)
    {
        TpmKeyTemplate template = key.Curve.Oid.Value switch
        {
            "1.2.840.10045.3.1.7" => TpmKeyTemplate.Ecdsa256,
            "1.3.132.0.34" => TpmKeyTemplate.Ecdsa384,
            "1.3.132.0.35" => TpmKeyTemplate.Ecdsa521,
            _ => throw new TpmException("The key is on a curve that SSH does not use."),
        };
        return Import(template, parent, authValue, authPolicy, key.Q.X, key.Q.Y, key.D);
    }

    /// <summary>Wraps an existing RSA private key (Modulus, Exponent and P) to <paramref name="parent"/>
    /// (TPM2_Import).</summary>
    public TpmKeyBlobs Import(
        in RSAParameters key, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy)
    {
        ReadOnlySpan<byte> exponent = key.Exponent.AsSpan().TrimStart((byte)0);
        if (!exponent.SequenceEqual<byte>([1, 0, 1]))
        {
            throw new TpmException("The RSA key has another public exponent than 65537, which TPMs do not take.");
        }

        TpmKeyTemplate template = new(TPM_ALG.RSA, TPM_ECC_CURVE.NONE, 8 * key.Modulus.AsSpan().Length);
        return Import(template, parent, authValue, authPolicy, key.Modulus, [], key.P);
    }

    /// <summary>Signs a digest (TPM2_Sign). Costs one command when the key is loaded and has no policy.</summary>
    /// <returns>ECDSA: r‖s, each padded to the field. RSA: a block as long as the modulus. The session's HMAC proves
    /// that the TPM answered it; that it fits the public key is for the caller to check.</returns>
    /// <exception cref="TpmException"><see cref="BackendFailure.PinRequired"/>: the PIN is wrong, and
    /// <see cref="TpmException.TriesLeft"/> says how many are left. <see cref="BackendFailure.LockedOut"/>: no PIN is
    /// taken until <see cref="TpmException.RetryAfter"/>; nothing was sent if that was known.</exception>
    public byte[] Sign(
        TpmKeyBlobs key, TpmParent parent, TpmSignatureScheme scheme, ReadOnlySpan<byte> digest,
        ReadOnlySpan<byte> authValue, TpmPolicy? policy)
    {
        CheckAuthLength(authValue);
        _lockout.ThrowIfLocked(key.Public);
        for (int attempt = 0; ; attempt++)
        {
            _residents.Open();
            try
            {
                TpmLoadedObject loaded = _residents.Load(key, parent);
                if (policy is null)
                {
                    byte[] plain = SignLoaded(
                        loaded.Handle, key.Public, scheme, digest,
                        TpmAuthorization.With(_residents.Session(parent), authValue));
                    _residents.Confirm(loaded);
                    return plain;
                }

                using TpmPolicySession use = _residents.StartPolicy(parent, policy);
                byte[] signature = SignLoaded(
                    loaded.Handle, key.Public, scheme, digest, TpmAuthorization.Last(use.Session, authValue));
                use.Ended();
                _residents.Confirm(loaded);
                return signature;
            }
            catch (BackendException e) when (!MayLackHash(e, scheme))
            {
                Recover(e, attempt, key.Public, authValue);
            }
            catch (TpmException e)
            {
                if (Capabilities.Algorithms.Contains(scheme.Hash))
                {
                    Recover(e, attempt, key.Public, authValue);
                    continue;
                }

                // Done again as a bare private-key operation, now and from now on.
                _absentHashes.Add(scheme.Hash);
                _residents.Distrust();
            }
        }
    }

    /// <summary>Unseals what <see cref="Seal"/> sealed (TPM2_Unseal); errors as in <see cref="Sign"/>.</summary>
    /// <returns>The secret, which the caller disposes.</returns>
    public Secret Unseal(TpmKeyBlobs key, TpmParent parent, ReadOnlySpan<byte> authValue, TpmPolicy? policy)
    {
        CheckAuthLength(authValue);
        _lockout.ThrowIfLocked(key.Public);
        for (int attempt = 0; ; attempt++)
        {
            _residents.Open();
            try
            {
                TpmLoadedObject loaded = _residents.Load(key, parent);
                if (policy is null)
                {
                    Secret plain = Keep(_commands.Unseal(
                        loaded.Handle,
                        TpmAuthorization.With(_residents.Session(parent), authValue, TPMA_SESSION.encrypt)));
                    _residents.Confirm(loaded);
                    return plain;
                }

                using TpmPolicySession use = _residents.StartPolicy(parent, policy);
                Secret secret = Keep(_commands.Unseal(
                    loaded.Handle, TpmAuthorization.Last(use.Session, authValue, TPMA_SESSION.encrypt)));
                use.Ended();
                _residents.Confirm(loaded);
                return secret;
            }
            catch (BackendException e)
            {
                Recover(e, attempt, key.Public, authValue);
            }
            finally
            {
                _transport.ClearResponse();
            }
        }
    }

    /// <summary>Makes the same key with another PIN (TPM2_ObjectChangeAuth); the old blobs keep the old one.</summary>
    /// <remarks>Whether wrong tries are counted was decided when the key was made, and stays.</remarks>
    public TpmKeyBlobs ChangeAuth(
        TpmKeyBlobs key, TpmParent parent, ReadOnlySpan<byte> oldAuthValue, ReadOnlySpan<byte> newAuthValue)
    {
        CheckAuthLength(oldAuthValue);
        CheckAuthLength(newAuthValue);
        _lockout.ThrowIfLocked(key.Public);
        for (int attempt = 0; ; attempt++)
        {
            _residents.Open();
            try
            {
                TpmLoadedObject parentObject = _residents.LoadParent(parent);
                TpmLoadedObject loaded = _residents.Load(key, parent);
                TpmKeyBlobs changed = _commands.ObjectChangeAuth(
                    loaded.Handle, parentObject.Handle, key, newAuthValue,
                    TpmAuthorization.With(_residents.Session(parent), oldAuthValue, TPMA_SESSION.decrypt));
                _residents.Flush(loaded);
                return changed;
            }
            catch (BackendException e)
            {
                Recover(e, attempt, key.Public, oldAuthValue);
            }
        }
    }

    /// <summary>The values of PCRs in order of their index, joined (TPM2_PCR_Read), read under the session's HMAC, so
    /// that nobody on the bus chooses the policy of a new key (<see cref="TpmPolicy.Digest"/>).</summary>
    public byte[] ReadPcrs(TpmPcrSelection pcrs, TpmParent parent) =>
        Ask(() => _commands.PCR_Read(pcrs, _residents.Session(parent)));

    /// <summary>The public area of a parent.</summary>
    public TpmPublic ReadParent(TpmParent parent) => Ask(() => _residents.LoadParent(parent).Public);

    /// <summary>The state of the dictionary-attack protection, asked now; what is remembered of a lockout follows it.
    /// </summary>
    public TpmDictionaryAttackState ReadDictionaryAttackState() => Ask(() => _lockout.Read(_commands));

    /// <summary>Flushes what this connection loaded and closes the device, for others to use it; the next use opens it
    /// again.</summary>
    public void Release()
    {
        _residents.Release();
        _transport.Close();
    }

    /// <summary>Flushes what this connection loaded and closes the device.</summary>
    public void Dispose()
    {
        _residents.Dispose();
        _transport.Dispose();
    }

    private T Ask<T>(Func<T> question)
    {
        for (int attempt = 0; ; attempt++)
        {
            _residents.Open();
            try
            {
                return question();
            }
            catch (BackendException e)
            {
                Recover(e, attempt, null, []);
            }
        }
    }

    private TpmKeyBlobs Create(
        byte[] template, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> data)
    {
        for (int attempt = 0; ; attempt++)
        {
            _residents.Open();
            try
            {
                TpmLoadedObject loaded = _residents.LoadParent(parent);
                TpmKeyBlobs created = _commands.Create(
                    loaded.Handle, _residents.Session(parent), _residents.ParentAuth(parent), authValue, data,
                    template);
                _residents.Confirm(loaded);
                return created;
            }
            catch (BackendException e)
            {
                Recover(e, attempt, null, []);
            }
        }
    }

    private TpmKeyBlobs Import(
        TpmKeyTemplate template, TpmParent parent, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> authPolicy,
        ReadOnlySpan<byte> unique, ReadOnlySpan<byte> y, ReadOnlySpan<byte> sensitive)
    {
        CheckAuthLength(authValue);
        CheckSupport(template);
        byte[] publicArea = TpmTemplates.ImportedKey(
            template, ExtraUse(template), !authValue.IsEmpty, authPolicy, unique, y);
        TpmPublic parsed = TpmPublic.Parse(publicArea);
        for (int attempt = 0; ; attempt++)
        {
            _residents.Open();
            try
            {
                TpmLoadedObject loaded = _residents.LoadParent(parent);
                TpmDuplicate duplicate = TpmDuplicate.Wrap(loaded.Public, parsed, authValue, sensitive);
                TpmKeyBlobs blobs = _commands.Import(
                    loaded.Handle, _residents.Session(parent), _residents.ParentAuth(parent), publicArea,
                    duplicate.Content, duplicate.InSymSeed);

                // Only loading shows whether private and public parts belong together.
                _residents.Load(blobs, parent);
                return blobs;
            }
            catch (BackendException e)
            {
                Recover(e, attempt, null, []);
            }
        }
    }

    private Secret Keep(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            throw new TpmException("The sealed key file holds no data.");
        }

        Secret secret = _options.Memory.Allocate(data.Length);
        data.CopyTo(secret.Span);
        return secret;
    }

    private static void CheckAuthLength(ReadOnlySpan<byte> authValue)
    {
        if (authValue.Length > MaxAuthBytes)
        {
            throw new TpmException($"A PIN for the TPM is at most {MaxAuthBytes} bytes long.");
        }
    }

    // A TPM without SHA-512 refuses to sign with it, while ssh asks an RSA key for that first. PKCS #1 v1.5 is then
    // padded here, and the TPM does the private-key operation alone (RFC 8017, 8.2.1).
    private byte[] SignLoaded(
        in TpmHandle handle, TpmPublic key, TpmSignatureScheme scheme, ReadOnlySpan<byte> digest,
        in TpmAuthorization authorization) =>
        scheme.Scheme == TPM_ALG.RSASSA && _absentHashes.Contains(scheme.Hash)
            ? _commands.RSA_Decrypt(
                handle, key, Pkcs1Padding.Encode(TpmHash.Name(scheme.Hash), digest, key.KeyBits), authorization)
            : _commands.Sign(handle, key, scheme, digest, authorization);

    private bool MayLackHash(BackendException e, TpmSignatureScheme scheme) =>
        e is TpmException { Code: { } code } && scheme.Scheme == TPM_ALG.RSASSA
        && !_absentHashes.Contains(scheme.Hash)
        && (code.Is(TPM_RC.SIZE) || code.Is(TPM_RC.HASH) || code.Is(TPM_RC.SCHEME) || code.Is(TPM_RC.VALUE));

    // Only where it is needed: what may decrypt also answers anything that was encrypted to the key.
    private TPMA_OBJECT ExtraUse(TpmKeyTemplate template) =>
        template.Type == TPM_ALG.RSA && !Capabilities.Algorithms.Contains(TPM_ALG.SHA512)
            ? TPMA_OBJECT.decrypt
            : TPMA_OBJECT.None;

    private void CheckSupport(TpmKeyTemplate template)
    {
        if (!Capabilities.Supports(template))
        {
            throw new TpmException(
                $"This TPM ({Capabilities.Manufacturer}) has no {template} keys. It has: {Capabilities.Describe()}.");
        }
    }

    // Returns where the operation is to be done again, and throws what its caller has to know otherwise.
    private void Recover(BackendException e, int attempt, TpmPublic? key, ReadOnlySpan<byte> authValue)
    {
        bool mayRepeat = authValue.IsEmpty || key is null || !key.IsDictionaryAttackProtected;
        if (e is not TpmException refusal)
        {
            RecoverDevice(e, attempt, mayRepeat);
            return;
        }

        if (refusal.Code is not { } code)
        {
            // The TPM's nonces may have moved on: nothing that is loaded can be relied on.
            _transport.Close();
            throw e;
        }

        if (code.IsStale && attempt == 0)
        {
            _residents.Recollect();
            return;
        }

        if (attempt < TpmLoadedObjects.MaxTransient && _residents.MakeRoom(code))
        {
            return;
        }

        if (code.IsCrowded && attempt < TpmLoadedObjects.MaxTransient + CrowdedPauses)
        {
            // Another program has its turn; it gives the slots back when it is done.
            _options.Pause(CrowdedPause);
            return;
        }

        _residents.Distrust();
        throw _lockout.Explain(refusal, code, _residents.Subject, key, _commands);
    }

    // A PIN that the TPM may have counted as wrong is never sent twice.
    private static void RecoverDevice(BackendException e, int attempt, bool mayRepeat)
    {
        if (e.Failure != BackendFailure.DeviceAbsent || attempt > 0)
        {
            throw e;
        }

        if (e is not TpmDeviceLostException { CommandWasSent: false } && !mayRepeat)
        {
            throw new BackendException(
                BackendFailure.Busy,
                "The connection to the TPM broke while it checked a PIN; the PIN was not sent again, because the "
                + "TPM may have counted it. Try again.",
                e);
        }
    }
}
