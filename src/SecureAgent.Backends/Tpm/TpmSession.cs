using System.Security.Cryptography;

namespace SecureAgent.Backends.Tpm;

/// <summary>One session: its key, its nonces, and what they protect (TPM 2.0 Part 1, 19.6 and 21). Every session here
/// uses SHA-256 and AES-128 in CFB mode.</summary>
internal sealed class TpmSession : IDisposable
{
    /// <summary>Bytes of a nonce and of an HMAC.</summary>
    public const int DigestBytes = 32;

    private const int AesKeyBytes = 16;
    private const int MaxAuthBytes = 64;

    private readonly byte[] _sessionKey;
    private readonly byte[] _nonceCaller;
    private readonly byte[] _nonceTpm = new byte[DigestBytes];

    /// <summary>Takes over a session that the TPM has started.</summary>
    /// <param name="handle">Its handle.</param>
    /// <param name="salt">The salt sent with TPM2_StartAuthSession; empty for an unsalted session.</param>
    /// <param name="nonceCaller">The nonce sent with it.</param>
    /// <param name="nonceTpm">The nonce answered.</param>
    /// <param name="usesAuthValue">Whether the entity's authValue is part of the HMAC's key: always in an HMAC session,
    /// in a policy session after PolicyAuthValue.</param>
    public TpmSession(
        uint handle, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> nonceCaller, ReadOnlySpan<byte> nonceTpm,
        bool usesAuthValue)
    {
        Handle = handle;
        UsesAuthValue = usesAuthValue;
        _nonceCaller = nonceCaller.ToArray();
        SetNonceTpm(nonceTpm);
        _sessionKey = salt.IsEmpty ? [] : GC.AllocateUninitializedArray<byte>(DigestBytes, pinned: true);
        if (!salt.IsEmpty)
        {
            // sessionKey = KDFa(sessionAlg, authValue of bind ‖ salt, "ATH", nonceTPM, nonceCaller, bits); nothing is
            // bound.
            TpmKdf.KDFa(TPM_ALG.SHA256, salt, "ATH"u8, _nonceTpm, _nonceCaller, _sessionKey);
        }
    }

    /// <summary>The session's handle.</summary>
    public uint Handle { get; }

    /// <summary>Whether the entity's authValue is part of the HMAC's key.</summary>
    public bool UsesAuthValue { get; }

    /// <summary>The nonce of the command that is being made.</summary>
    public ReadOnlySpan<byte> NonceCaller => _nonceCaller;

    /// <summary>Draws a new nonce for the next command.</summary>
    public void RollNonceCaller() => RandomNumberGenerator.Fill(_nonceCaller);

    /// <summary>Takes the nonce of the last response.</summary>
    /// <exception cref="TpmException">It has the wrong size.</exception>
    public void SetNonceTpm(ReadOnlySpan<byte> nonceTpm)
    {
        if (nonceTpm.Length != DigestBytes)
        {
            throw new TpmException(
                $"The TPM answered a session nonce of {nonceTpm.Length} bytes instead of {DigestBytes}.");
        }

        nonceTpm.CopyTo(_nonceTpm);
    }

    /// <summary>The HMAC of a command.</summary>
    public void CommandHmac(
        ReadOnlySpan<byte> cpHash, TPMA_SESSION attributes, ReadOnlySpan<byte> authValue, Span<byte> hmac) =>
        Hmac(cpHash, _nonceCaller, _nonceTpm, attributes, authValue, hmac);

    /// <summary>The HMAC of a response, after <see cref="SetNonceTpm"/>.</summary>
    public void ResponseHmac(
        ReadOnlySpan<byte> rpHash, TPMA_SESSION attributes, ReadOnlySpan<byte> authValue, Span<byte> hmac) =>
        Hmac(rpHash, _nonceTpm, _nonceCaller, attributes, authValue, hmac);

    /// <summary>Encrypts the content of a command's first parameter in place.</summary>
    public void EncryptParameter(Span<byte> content, ReadOnlySpan<byte> authValue) =>
        Cipher(content, authValue, _nonceCaller, _nonceTpm, encrypt: true);

    /// <summary>Decrypts the content of a response's first parameter in place.</summary>
    public void DecryptParameter(Span<byte> content, ReadOnlySpan<byte> authValue) =>
        Cipher(content, authValue, _nonceTpm, _nonceCaller, encrypt: false);

    /// <summary>Zeroes the session key.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_sessionKey);

    // Part 1, 19.6.5: HMAC(sessionKey ‖ authValue, pHash ‖ nonceNewer ‖ nonceOlder ‖ sessionAttributes).
    private void Hmac(
        ReadOnlySpan<byte> parameterHash, ReadOnlySpan<byte> nonceNewer, ReadOnlySpan<byte> nonceOlder,
        TPMA_SESSION attributes, ReadOnlySpan<byte> authValue, Span<byte> hmac)
    {
        Span<byte> key = stackalloc byte[DigestBytes + MaxAuthBytes];
        Span<byte> message = stackalloc byte[(3 * DigestBytes) + 1];
        parameterHash.CopyTo(message);
        nonceNewer.CopyTo(message[DigestBytes..]);
        nonceOlder.CopyTo(message[(2 * DigestBytes)..]);
        message[^1] = (byte)attributes;
        try
        {
            int length = Key(UsesAuthValue ? authValue : [], key);
            HMACSHA256.HashData(key[..length], message, hmac);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    // Part 1, 21.3: KDFa(sessionAlg, sessionKey ‖ authValue, "CFB", nonceNewer, nonceOlder, key bits + block bits).
    private void Cipher(
        Span<byte> content, ReadOnlySpan<byte> authValue, ReadOnlySpan<byte> nonceNewer, ReadOnlySpan<byte> nonceOlder,
        bool encrypt)
    {
        Span<byte> key = stackalloc byte[DigestBytes + MaxAuthBytes];
        Span<byte> keyAndIv = stackalloc byte[AesKeyBytes + TpmCfb.BlockBytes];
        try
        {
            int length = Key(authValue, key);
            TpmKdf.KDFa(TPM_ALG.SHA256, key[..length], "CFB"u8, nonceNewer, nonceOlder, keyAndIv);
            TpmCfb.Transform(keyAndIv[..AesKeyBytes], keyAndIv[AesKeyBytes..], content, encrypt);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(keyAndIv);
        }
    }

    // An authValue counts without its trailing zeros (Part 1, 19.6.5, note).
    private int Key(ReadOnlySpan<byte> authValue, Span<byte> key)
    {
        authValue = authValue.TrimEnd((byte)0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(authValue.Length, MaxAuthBytes, nameof(authValue));
        _sessionKey.CopyTo(key);
        authValue.CopyTo(key[_sessionKey.Length..]);
        return _sessionKey.Length + authValue.Length;
    }
}
