using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>A private key file of ssh-keygen (OpenSSH, PROTOCOL.key):
/// <code>
/// byte[] "openssh-key-v1", 0; string cipher, KDF name, KDF options; uint32 1; string public key, section; byte[] tag
/// section: uint32 check, check; the fields of the private key; string comment; bytes 1, 2, 3... to a whole block
/// </code></summary>
public sealed class OpenSshPrivateKeyFile : IDisposable
{
    private const int UnencryptedBlockBytes = 8;

    private OpenSshPrivateKeyFile(PrivateKey key, string comment) => (Key, Comment) = (key, comment);

    /// <summary>The key; disposed with the file.</summary>
    public PrivateKey Key { get; }

    /// <summary>The comment in the file; bytes that are not UTF-8 became U+FFFD.</summary>
    public string Comment { get; }

    private static ReadOnlySpan<byte> BeginLine => "-----BEGIN OPENSSH PRIVATE KEY-----"u8;

    private static ReadOnlySpan<byte> EndLine => "-----END OPENSSH PRIVATE KEY-----"u8;

    private static ReadOnlySpan<byte> Magic => "openssh-key-v1\0"u8;

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => Key.Dispose();

    /// <summary>Whether the text is of this format, judged by its first line.</summary>
    public static bool IsOpenSshPrivateKey(ReadOnlySpan<byte> fileText) =>
        fileText.TrimStart(" \t\r\n"u8).StartsWith(BeginLine);

    /// <summary>Whether a passphrase is needed.</summary>
    /// <exception cref="WireFormatException">It is not a private key file of this format.</exception>
    public static bool IsEncrypted(ReadOnlySpan<byte> fileText)
    {
        byte[] bytes = Unarmor(fileText, out int length);
        try
        {
            return Envelope.Read(bytes.AsMemory(0, length)).Cipher is not null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Decodes a file.</summary>
    /// <param name="fileText">Its whole content.</param>
    /// <param name="passphrase">Ignored if the file is not encrypted.</param>
    /// <exception cref="WireFormatException">It is not a private key file of this format, or one of a cipher, key
    /// derivation or key type that is not known here.</exception>
    /// <exception cref="WrongPassphraseException">It is encrypted with another passphrase.</exception>
    public static OpenSshPrivateKeyFile Decode(ReadOnlySpan<byte> fileText, ReadOnlySpan<byte> passphrase)
    {
        byte[] bytes = Unarmor(fileText, out int length);
        byte[]? plain = null;
        try
        {
            Envelope envelope = Envelope.Read(bytes.AsMemory(0, length));
            if (envelope.Cipher is null)
            {
                return ReadSection(envelope, envelope.Section);
            }

            plain = GC.AllocateArray<byte>(envelope.Section.Length, pinned: true);
            Decrypt(envelope, passphrase, plain);
            return ReadSection(envelope, plain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static byte[] Unarmor(ReadOnlySpan<byte> text, out int length)
    {
        if (text.Length > WireLimits.MaxPrivateKeyFileBytes)
        {
            throw new WireFormatException($"private key file: more than {WireLimits.MaxPrivateKeyFileBytes} bytes");
        }

        int begin = IsOpenSshPrivateKey(text) ? text.IndexOf(BeginLine) + BeginLine.Length : -1;
        int end = text.IndexOf(EndLine);
        if (begin < 0 || end < begin)
        {
            throw new WireFormatException("private key file: not between the lines of an OpenSSH private key");
        }

        ReadOnlySpan<byte> body = text[begin..end];
        byte[] bytes = GC.AllocateArray<byte>(Base64.GetMaxDecodedFromUtf8Length(body.Length), pinned: true);
        if (Base64.DecodeFromUtf8(body, bytes, out _, out length) != OperationStatus.Done)
        {
            CryptographicOperations.ZeroMemory(bytes);
            throw new WireFormatException("private key file: not base64");
        }

        return bytes;
    }

    private static void Decrypt(Envelope envelope, ReadOnlySpan<byte> passphrase, Span<byte> plain)
    {
        OpenSshKeyCipher cipher = envelope.Cipher!; // The caller has seen that there is one.
        if (passphrase.IsEmpty)
        {
            throw new WrongPassphraseException("the private key file needs a passphrase");
        }

        byte[] keyMaterial = GC.AllocateArray<byte>(cipher.KeyMaterialBytes, pinned: true);
        try
        {
            BcryptPbkdf.Derive(passphrase, envelope.Salt.Span, envelope.Rounds, keyMaterial);
            cipher.Decrypt(keyMaterial, envelope.Section.Span, envelope.Tag.Span, plain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keyMaterial);
        }
    }

    private static OpenSshPrivateKeyFile ReadSection(Envelope envelope, ReadOnlyMemory<byte> section)
    {
        WireReader reader = new(section);
        if (reader.ReadUInt32("check") != reader.ReadUInt32("check"))
        {
            throw envelope.Cipher is null
                ? new WireFormatException("private key file: its check numbers differ")
                : new WrongPassphraseException();
        }

        PrivateKey? key = null;
        try
        {
            key = PrivateKeyFields.Read(ref reader);
            string comment = Encoding.UTF8.GetString(reader.ReadString("comment"));
            for (byte expected = 1; reader.Remaining > 0; expected++)
            {
                if (reader.ReadByte("padding") != expected)
                {
                    throw new WireFormatException("private key file: wrong padding");
                }
            }

            if (PublicKey.DecodeKeyOrCertificate(envelope.PublicKey) != key.PublicKey)
            {
                throw new WireFormatException("private key file: its public key belongs to another private key");
            }

            OpenSshPrivateKeyFile file = new(key, comment);
            key = null;
            return file;
        }
        finally
        {
            key?.Dispose();
        }
    }

    private sealed record Envelope(
        OpenSshKeyCipher? Cipher,
        ReadOnlyMemory<byte> Salt,
        int Rounds,
        KeyBlob PublicKey,
        ReadOnlyMemory<byte> Section,
        ReadOnlyMemory<byte> Tag)
    {
        public static Envelope Read(ReadOnlyMemory<byte> bytes)
        {
            if (!bytes.Span.StartsWith(Magic))
            {
                throw new WireFormatException("private key file: does not start with openssh-key-v1");
            }

            WireReader reader = new(bytes[Magic.Length..]);
            string cipherName = reader.ReadUtf8("private key cipher", WireLimits.MaxNameBytes);
            string kdfName = reader.ReadUtf8("private key KDF", WireLimits.MaxNameBytes);
            ReadOnlyMemory<byte> kdfOptions = reader.ReadStringMemory("private key KDF options");
            if (reader.ReadUInt32("private key count") != 1)
            {
                throw new WireFormatException("private key count: not 1");
            }

            KeyBlob publicKey = new(reader.ReadStringMemory("public key"));
            ReadOnlyMemory<byte> section = reader.ReadStringMemory("private key section");
            OpenSshKeyCipher? cipher = cipherName == "none" ? null : OpenSshKeyCipher.FromName(cipherName);
            ReadOnlyMemory<byte> tag = reader.ReadRestMemory();
            if (kdfName != (cipher is null ? "none" : "bcrypt"))
            {
                throw new WireFormatException("private key KDF: does not fit the cipher");
            }

            if (section.IsEmpty || section.Length % (cipher is null ? UnencryptedBlockBytes : 16) != 0)
            {
                throw new WireFormatException("private key section: not a whole number of blocks");
            }

            if (tag.Length != (cipher?.TagBytes ?? 0))
            {
                throw new WireFormatException("private key file: wrong number of bytes behind its section");
            }

            (ReadOnlyMemory<byte> salt, int rounds) = cipher is null ? default : ReadKdfOptions(kdfOptions);
            return new Envelope(cipher, salt, rounds, publicKey, section, tag);
        }

        private static (ReadOnlyMemory<byte> Salt, int Rounds) ReadKdfOptions(ReadOnlyMemory<byte> options)
        {
            WireReader reader = new(options);
            ReadOnlyMemory<byte> salt = reader.ReadStringMemory("private key KDF salt", WireLimits.MaxKdfSaltBytes);
            uint rounds = reader.ReadUInt32("private key KDF rounds");
            reader.RequireEnd("private key KDF options");
            return !salt.IsEmpty && rounds is > 0 and <= WireLimits.MaxKdfRounds
                ? (salt, (int)rounds)
                : throw new WireFormatException(
                    $"private key KDF: no salt, or not between 1 and {WireLimits.MaxKdfRounds} rounds");
        }
    }
}
