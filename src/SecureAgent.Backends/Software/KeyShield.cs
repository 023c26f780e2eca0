using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.Software;

/// <summary>Encrypts keys at rest under a random prekey of 16 KiB in locked memory. Who reads memory through a
/// side channel must read all of it without an error to have any key. One prekey for all keys: locked memory is
/// scarce, and the salt makes a key of its own for each.</summary>
internal sealed class KeyShield : IDisposable
{
    private const int PrekeyBytes = 16 * 1024;
    private const int SaltBytes = 32;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly ISecretMemory _memory;
    private readonly Secret _prekey;

    /// <summary>Draws the prekey.</summary>
    public KeyShield(ISecretMemory memory)
    {
        _memory = memory;
        _prekey = memory.Allocate(PrekeyBytes);
        RandomNumberGenerator.Fill(_prekey.Span);
    }

    /// <summary>Encrypts <paramref name="plaintext"/> with AES-256-GCM.</summary>
    public ShieldedKey Seal(ReadOnlySpan<byte> plaintext)
    {
        ShieldedKey shielded = new(
            RandomNumberGenerator.GetBytes(SaltBytes), new byte[plaintext.Length], new byte[TagBytes]);
        Span<byte> derived = stackalloc byte[SHA512.HashSizeInBytes];
        try
        {
            using AesGcm cipher = Derive(shielded, derived);
            cipher.Encrypt(Nonce(derived), plaintext, shielded.Ciphertext, shielded.Tag);
            return shielded;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    /// <summary>Decrypts what <see cref="Seal"/> made.</summary>
    /// <returns>The plaintext; the caller disposes it.</returns>
    /// <exception cref="AuthenticationTagMismatchException">Either was changed in memory.</exception>
    public Secret Open(ShieldedKey shielded)
    {
        Secret plaintext = _memory.Allocate(shielded.Ciphertext.Length);
        Span<byte> derived = stackalloc byte[SHA512.HashSizeInBytes];
        try
        {
            using AesGcm cipher = Derive(shielded, derived);
            cipher.Decrypt(Nonce(derived), shielded.Ciphertext, shielded.Tag, plaintext.Span);
            return plaintext;
        }
        catch (CryptographicException)
        {
            plaintext.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    /// <summary>Zeroes the prekey, and with it every key.</summary>
    public void Dispose() => _prekey.Dispose();

    // HKDF-Extract (RFC 5869 section 2.2): its 64 bytes are enough for key and nonce. The key is used for one message
    // only, so that the nonce could be anything.
    private AesGcm Derive(ShieldedKey shielded, Span<byte> derived)
    {
        HMACSHA512.HashData(shielded.Salt, _prekey.Span, derived);
        return new AesGcm(derived[..KeyBytes], TagBytes);
    }

    private static ReadOnlySpan<byte> Nonce(ReadOnlySpan<byte> derived) => derived.Slice(KeyBytes, NonceBytes);
}
