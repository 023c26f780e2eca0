using System.Security.Cryptography;

namespace SecureAgent.Backends.Software;

/// <summary>A private key encrypted by <see cref="KeyShield"/>: nothing secret without the prekey.</summary>
/// <param name="Salt">32 random bytes, of which its key and nonce are derived.</param>
/// <param name="Ciphertext">As long as the plaintext.</param>
/// <param name="Tag">16 bytes.</param>
internal sealed record ShieldedKey(byte[] Salt, byte[] Ciphertext, byte[] Tag)
{
    /// <summary>Makes it useless also to someone who learns the prekey later.</summary>
    public void Erase()
    {
        CryptographicOperations.ZeroMemory(Salt);
        CryptographicOperations.ZeroMemory(Ciphertext);
    }
}
