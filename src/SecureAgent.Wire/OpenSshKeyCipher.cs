using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Wire;

/// <summary>A cipher of OpenSSH's private key files. All of <c>ssh-keygen -Z</c> but ChaCha20-Poly1305 and Triple
/// DES.</summary>
internal sealed class OpenSshKeyCipher
{
    private const int BlockBytes = 16;

    private static readonly OpenSshKeyCipher[] All =
    [
        new("aes128-cbc", Mode.Cbc, 16), new("aes192-cbc", Mode.Cbc, 24), new("aes256-cbc", Mode.Cbc, 32),
        new("aes128-ctr", Mode.Ctr, 16), new("aes192-ctr", Mode.Ctr, 24), new("aes256-ctr", Mode.Ctr, 32),
        new("aes128-gcm@openssh.com", Mode.Gcm, 16), new("aes256-gcm@openssh.com", Mode.Gcm, 32),
    ];

    private readonly string _name;
    private readonly Mode _mode;
    private readonly int _keyBytes;

    private OpenSshKeyCipher(string name, Mode mode, int keyBytes) =>
        (_name, _mode, _keyBytes) = (name, mode, keyBytes);

    private enum Mode
    {
        Cbc,
        Ctr,
        Gcm,
    }

    /// <summary>Bytes that the key derivation has to deliver: key, then initialisation vector.</summary>
    public int KeyMaterialBytes => _keyBytes + (_mode == Mode.Gcm ? AesGcm.NonceByteSizes.MaxSize : BlockBytes);

    /// <summary>Bytes of authentication tag behind the encrypted section.</summary>
    public int TagBytes => _mode == Mode.Gcm ? 16 : 0;

    /// <summary>The cipher called <paramref name="name"/>.</summary>
    /// <exception cref="WireFormatException">It is not one of those above.</exception>
    public static OpenSshKeyCipher FromName(string name)
    {
        bool printable = name.Length <= 64 && !name.AsSpan().ContainsAnyExceptInRange('!', '~');
        return Array.Find(All, cipher => cipher._name == name)
            ?? throw new WireFormatException(
                $"private key cipher: {(printable ? name : "?")} is not supported; "
                + "ssh-keygen -p -Z aes256-ctr -f FILE re-encrypts the file");
    }

    /// <summary>Decrypts a section, whose length must be a multiple of 16.</summary>
    /// <param name="keyMaterial">Of <see cref="KeyMaterialBytes"/>.</param>
    /// <param name="section">The encrypted section.</param>
    /// <param name="tag">Of <see cref="TagBytes"/>.</param>
    /// <param name="plain">As long as <paramref name="section"/>.</param>
    /// <exception cref="WrongPassphraseException">The tag does not fit.</exception>
    public void Decrypt(
        ReadOnlySpan<byte> keyMaterial, ReadOnlySpan<byte> section, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        ReadOnlySpan<byte> key = keyMaterial[.._keyBytes];
        ReadOnlySpan<byte> iv = keyMaterial[_keyBytes..];
        if (_mode == Mode.Gcm)
        {
            try
            {
                using AesGcm gcm = new(key, TagBytes);
                gcm.Decrypt(iv, section, tag, plain);
            }
            catch (AuthenticationTagMismatchException e)
            {
                throw new WrongPassphraseException("wrong passphrase for the private key file", e);
            }

            return;
        }

        using Aes aes = Aes.Create();
        aes.SetKey(key);
        if (_mode == Mode.Cbc)
        {
            aes.DecryptCbc(section, iv, plain, PaddingMode.None);
        }
        else
        {
            DecryptCtr(aes, iv, section, plain);
        }
    }

    /// <summary>Counter mode (RFC 4344 section 4), which the platform does not have: the key stream is the encrypted
    /// counter.</summary>
    private static void DecryptCtr(Aes aes, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> section, Span<byte> plain)
    {
        UInt128 counter = BinaryPrimitives.ReadUInt128BigEndian(iv);
        Span<byte> block = stackalloc byte[BlockBytes];
        Span<byte> stream = stackalloc byte[BlockBytes];
        for (int i = 0; i < section.Length; i += BlockBytes)
        {
            BinaryPrimitives.WriteUInt128BigEndian(block, counter++);
            aes.EncryptEcb(block, stream, PaddingMode.None);
            for (int j = 0; j < BlockBytes; j++)
            {
                plain[i + j] = (byte)(section[i + j] ^ stream[j]);
            }
        }

        CryptographicOperations.ZeroMemory(stream);
    }
}
