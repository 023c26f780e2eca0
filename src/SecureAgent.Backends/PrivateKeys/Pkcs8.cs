using System.Formats.Asn1;
using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.PrivateKeys;

/// <summary>PKCS #8 private keys (RFC 5958, RFC 8410) and their encryption with a passphrase (RFC 8018, PBES2 with
/// PBKDF2 and AES-CBC, what openssl writes). The platform imports encrypted keys only when their type is known
/// beforehand, and Ed25519 not at all.</summary>
internal static class Pkcs8
{
    private const int MaximumIterations = 10_000_000;
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string Ed25519Oid = "1.3.101.112";
    private const string Pbes2 = "1.2.840.113549.1.5.13";
    private const string Pbkdf2 = "1.2.840.113549.1.5.12";

    /// <summary>Reads PrivateKeyInfo.</summary>
    /// <exception cref="AsnContentException">It does not parse.</exception>
    /// <exception cref="CryptographicException">The platform refuses the key in it.</exception>
    /// <exception cref="BackendException">It is a key of another type.</exception>
    // PrivateKeyInfo ::= SEQUENCE { version INTEGER, privateKeyAlgorithm SEQUENCE { OID, parameters }, privateKey OCTET
    //   STRING, ... }; for Ed25519 the last holds CurvePrivateKey ::= OCTET STRING (32 bytes).
    public static PrivateKeyMaterial Read(ReadOnlyMemory<byte> der, string fileName)
    {
        AsnReader info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        info.ReadInteger();
        string algorithm = info.ReadSequence().ReadObjectIdentifier();
        switch (algorithm)
        {
            case RsaEncryption:
                using (RSA rsa = RSA.Create())
                {
                    rsa.ImportPkcs8PrivateKey(der.Span, out _);
                    return new PrivateKeyMaterial(rsa.ExportParameters(true));
                }

            case EcPublicKey:
                using (ECDsa ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportPkcs8PrivateKey(der.Span, out _);
                    return new PrivateKeyMaterial(ecdsa.ExportParameters(true));
                }

            case Ed25519Oid:
                return new PrivateKeyMaterial(ReadSeed(info));

            default:
                throw new BackendException(BackendFailure.Refused,
                    $"The private key file {fileName} has a key of type {algorithm}; RSA, ECDSA and Ed25519 work.");
        }
    }

    /// <summary>Decrypts EncryptedPrivateKeyInfo.</summary>
    /// <returns>PrivateKeyInfo in a pinned array, which the caller zeroes, and its length.</returns>
    /// <exception cref="AsnContentException">It does not parse.</exception>
    /// <exception cref="CryptographicException">The passphrase is wrong.</exception>
    /// <exception cref="BackendException">It is encrypted in another way.</exception>
    // EncryptedPrivateKeyInfo ::= SEQUENCE { SEQUENCE { OID, parameters }, OCTET STRING }
    // PBES2-params ::= SEQUENCE { SEQUENCE { pbkdf2, PBKDF2-params }, SEQUENCE { cipher, OCTET STRING iv } }
    // PBKDF2-params ::= SEQUENCE { salt OCTET STRING, iterations INTEGER, keyLength INTEGER OPTIONAL, prf DEFAULT SHA-1
    // }
    public static (byte[] Info, int Length) Decrypt(
        ReadOnlyMemory<byte> der, ReadOnlySpan<byte> passphrase, string fileName)
    {
        AsnReader encrypted = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        AsnReader scheme = encrypted.ReadSequence();
        Require(scheme.ReadObjectIdentifier() == Pbes2, fileName);
        AsnReader parameters = scheme.ReadSequence();
        AsnReader derivation = parameters.ReadSequence();
        Require(derivation.ReadObjectIdentifier() == Pbkdf2, fileName);
        AsnReader pbkdf2 = derivation.ReadSequence();
        byte[] salt = pbkdf2.ReadOctetString();
        Require(pbkdf2.TryReadInt32(out int iterations) && iterations is > 0 and <= MaximumIterations, fileName);
        if (pbkdf2.HasData && pbkdf2.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            pbkdf2.ReadInteger();
        }

        HashAlgorithmName hash = pbkdf2.HasData
            ? Prf(pbkdf2.ReadSequence().ReadObjectIdentifier(), fileName)
            : HashAlgorithmName.SHA1;
        AsnReader cipher = parameters.ReadSequence();
        int keyBytes = KeyBytes(cipher.ReadObjectIdentifier(), fileName);
        byte[] iv = cipher.ReadOctetString();
        byte[] content = encrypted.ReadOctetString();
        byte[] key = GC.AllocateArray<byte>(keyBytes, pinned: true);
        byte[] info = GC.AllocateArray<byte>(content.Length, pinned: true);
        try
        {
            Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, key, iterations, hash);
            using Aes aes = Aes.Create();
            aes.SetKey(key);
            return (info, aes.DecryptCbc(content, iv, info));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            CryptographicOperations.ZeroMemory(info);
            throw new CryptographicException("The passphrase is wrong, or the file is damaged.", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[] ReadSeed(AsnReader info)
    {
        byte[] wrapped = info.ReadOctetString();
        byte[] seed = GC.AllocateArray<byte>(Ed25519.SeedSizeBytes, pinned: true);
        try
        {
            AsnReader content = new(wrapped, AsnEncodingRules.BER);
            if (!content.TryReadOctetString(seed, out int length) || length != seed.Length)
            {
                throw new AsnContentException("An Ed25519 private key has not 32 bytes.");
            }

            return seed;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapped);
        }
    }

    private static HashAlgorithmName Prf(string oid, string fileName) => oid switch
    {
        "1.2.840.113549.2.7" => HashAlgorithmName.SHA1,
        "1.2.840.113549.2.9" => HashAlgorithmName.SHA256,
        "1.2.840.113549.2.10" => HashAlgorithmName.SHA384,
        "1.2.840.113549.2.11" => HashAlgorithmName.SHA512,
        _ => throw Unsupported(fileName),
    };

    private static int KeyBytes(string oid, string fileName) => oid switch
    {
        "2.16.840.1.101.3.4.1.2" => 16,
        "2.16.840.1.101.3.4.1.22" => 24,
        "2.16.840.1.101.3.4.1.42" => 32,
        _ => throw Unsupported(fileName),
    };

    private static void Require(bool condition, string fileName)
    {
        if (!condition)
        {
            throw Unsupported(fileName);
        }
    }

    private static BackendException Unsupported(string fileName) => new(BackendFailure.Refused,
        $"The private key file {fileName} is encrypted in a way that is not supported. Convert it first: "
        + $"openssl pkcs8 -topk8 -v2 aes-256-cbc -in {fileName} -out {fileName}.new");
}
