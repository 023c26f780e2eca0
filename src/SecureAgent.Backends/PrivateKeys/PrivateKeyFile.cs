using System.Formats.Asn1;
using System.Security.Cryptography;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.PrivateKeys;

/// <summary>Reads the private key files that people have: OpenSSH's own, PKCS #8, PKCS #1 and SEC 1 PEM.</summary>
internal static class PrivateKeyFile
{
    private const int MaximumRounds = 3;

    /// <summary>Reads <paramref name="content"/>, asking for a passphrase if it is encrypted.</summary>
    /// <exception cref="BackendException">It is no private key that can be used, or the passphrase is
    /// wrong.</exception>
    public static async Task<PrivateKeyMaterial> ReadAsync(
        ReadOnlyMemory<byte> content, string fileName, AskPassphrase ask, CancellationToken ct)
    {
        if (!IsEncrypted(content.Span, fileName))
        {
            return Read(content.Span, [], fileName);
        }

        for (int round = 1; ; round++)
        {
            using Secret? passphrase = await ask(round > 1, ct).ConfigureAwait(false);
            if (passphrase is null)
            {
                throw new BackendException(BackendFailure.PinRequired,
                    $"Nobody gave the passphrase of {fileName}, so it was not read.");
            }

            try
            {
                return Read(content.Span, passphrase.Span, fileName);
            }
            catch (BackendException exception)
                when (exception.Failure == BackendFailure.PinRequired && round < MaximumRounds)
            {
                // Asked again, and told that it was wrong.
            }
        }
    }

    private static bool IsEncrypted(ReadOnlySpan<byte> content, string fileName)
    {
        if (content.Length > WireLimits.MaxPrivateKeyFileBytes)
        {
            throw Unusable(fileName, "it is too large for one");
        }

        if (!OpenSshPrivateKeyFile.IsOpenSshPrivateKey(content))
        {
            return content.IndexOf("-----BEGIN ENCRYPTED PRIVATE KEY-----"u8) >= 0;
        }

        try
        {
            return OpenSshPrivateKeyFile.IsEncrypted(content);
        }
        catch (WireFormatException exception)
        {
            throw Unusable(fileName, exception.Message, exception);
        }
    }

    private static PrivateKeyMaterial Read(ReadOnlySpan<byte> content, ReadOnlySpan<byte> passphrase, string fileName)
    {
        try
        {
            return OpenSshPrivateKeyFile.IsOpenSshPrivateKey(content)
                ? ReadOpenSsh(content, passphrase, fileName)
                : ReadPem(content, passphrase, fileName);
        }
        catch (WrongPassphraseException exception)
        {
            throw WrongPassphrase(fileName, exception);
        }
        catch (Exception exception)
            when (exception is WireFormatException or AsnContentException or CryptographicException)
        {
            throw Unusable(fileName, exception.Message.TrimEnd('.'), exception);
        }
    }

    private static PrivateKeyMaterial ReadOpenSsh(
        ReadOnlySpan<byte> content, ReadOnlySpan<byte> passphrase, string fileName)
    {
        OpenSshPrivateKeyFile file = OpenSshPrivateKeyFile.Decode(content, passphrase);
        switch (file.Key)
        {
            case EcdsaPrivateKey ecdsa:
                ECPoint point = new() { X = ecdsa.Key.X.ToArray(), Y = ecdsa.Key.Y.ToArray() };
                return new PrivateKeyMaterial(
                    new ECParameters { Curve = ecdsa.Key.Curve.Parameters, Q = point, D = ecdsa.D },
                    file.Comment,
                    file);
            case RsaPrivateKey rsa:
                return new PrivateKeyMaterial(
                    new RSAParameters
                    {
                        Modulus = rsa.Key.Modulus.ToArray(),
                        Exponent = rsa.Key.Exponent.ToArray(),
                        D = rsa.D,
                        P = rsa.P,
                        Q = rsa.Q,
                        InverseQ = rsa.InverseQ,
                    }, file.Comment, file);
            case Ed25519PrivateKey ed25519:
                return new PrivateKeyMaterial(ed25519.Seed, file.Comment, file);
            default:
                string type = file.Key.PublicKey.KeyType;
                file.Dispose();
                throw Unusable(fileName, $"no hardware takes a key of type {type}");
        }
    }

    private static PrivateKeyMaterial ReadPem(
        ReadOnlySpan<byte> content, ReadOnlySpan<byte> passphrase, string fileName)
    {
        if (content.IndexOf("Proc-Type: 4,ENCRYPTED"u8) >= 0)
        {
            throw Unusable(
                fileName, "it is encrypted in the old PEM way, which protects little. Convert it first: ssh-keygen -p "
                + $"-f {fileName}");
        }

        char[] text = GC.AllocateArray<char>(content.Length, pinned: true);
        byte[] der = GC.AllocateArray<byte>(content.Length, pinned: true);
        try
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = (char)content[i];
            }

            ReadOnlySpan<char> rest = text;
            PemFields fields;
            while (PemEncoding.TryFind(rest, out fields) && rest[fields.Label].EndsWith("PARAMETERS"))
            {
                // openssl writes the curve's name before the key.
                rest = rest[fields.Location.End..];
            }

            if (fields.DecodedDataLength == 0)
            {
                throw Unusable(fileName, "it is neither an OpenSSH nor a PEM private key");
            }

            _ = Convert.TryFromBase64Chars(rest[fields.Base64Data], der, out int length);
            return ReadLabelled(rest[fields.Label].ToString(), der.AsMemory(0, length), passphrase, fileName);
        }
        finally
        {
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()).Clear();
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static PrivateKeyMaterial ReadLabelled(
        string label, ReadOnlyMemory<byte> der, ReadOnlySpan<byte> passphrase, string fileName)
    {
        switch (label)
        {
            case "PRIVATE KEY":
                return Pkcs8.Read(der, fileName);
            case "ENCRYPTED PRIVATE KEY":
                return ReadEncrypted(der, passphrase, fileName);
            case "RSA PRIVATE KEY":
                using (RSA rsa = RSA.Create())
                {
                    rsa.ImportRSAPrivateKey(der.Span, out _);
                    return new PrivateKeyMaterial(rsa.ExportParameters(true));
                }

            case "EC PRIVATE KEY":
                using (ECDsa ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportECPrivateKey(der.Span, out _);
                    return new PrivateKeyMaterial(ecdsa.ExportParameters(true));
                }

            case "TSS2 PRIVATE KEY":
                throw Unusable(fileName, "it is a TPM key already; copy it into the key directory as NAME.tpm");
            default:
                throw Unusable(fileName, $"it is a {label}, and no private key of a kind that can be used");
        }
    }

    private static PrivateKeyMaterial ReadEncrypted(
        ReadOnlyMemory<byte> der, ReadOnlySpan<byte> passphrase, string fileName)
    {
        byte[] info = [];
        try
        {
            (info, int length) = Pkcs8.Decrypt(der, passphrase, fileName);
            return Pkcs8.Read(info.AsMemory(0, length), fileName);
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException)
        {
            // One wrong passphrase in 256 makes valid padding, and then bytes that are no key.
            throw WrongPassphrase(fileName, exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(info);
        }
    }

    private static BackendException WrongPassphrase(string fileName, Exception exception) =>
        new(BackendFailure.PinRequired, $"The passphrase of {fileName} is wrong.", exception);

    private static BackendException Unusable(string fileName, string why, Exception? exception = null) =>
        new(BackendFailure.Refused, $"The private key file {fileName} cannot be used: {why}.", exception);
}
