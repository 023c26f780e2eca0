using System.Text;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Tpm;

/// <summary>Makes a <see cref="TpmKeyEntry"/> of a key's files. Asks no TPM.</summary>
internal static class TpmKeyReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    /// <summary>Reads the key file at <paramref name="path"/> and the certificate beside it; an unusable file makes an
    /// entry that says why.</summary>
    public static TpmKeyEntry Read(string name, string path, string certificatePath)
    {
        if (KeyName.Reason(name) is string reason)
        {
            return new TpmKeyEntry
            {
                Name = name,
                Path = path,
                Broken = $"The key file {path} is not used: {reason}. Rename the file.",
            };
        }

        try
        {
            byte[] pem = KeyFiles.Read(path, Tss2PrivateKeyFile.MaximumFileBytes);
            TpmKeyEntry key = Usable(name, path, Tss2PrivateKeyFile.Parse(pem, path));
            // Usable.
            (Certificate? certificate, string? brokenCertificate) = ReadCertificate(certificatePath, key.PublicKey!);
            return key with { Certificate = certificate, BrokenCertificate = brokenCertificate };
        }
        catch (BackendException exception)
        {
            return new TpmKeyEntry { Name = name, Path = path, Broken = exception.Message };
        }
    }

    /// <summary>The public key of a key file and the SSH comment in it.</summary>
    /// <exception cref="BackendException">It holds no key for SSH.</exception>
    public static (PublicKey Key, string? Comment) PublicKeyOf(Tss2PrivateKeyFile file, TpmKeyBlobs blobs, string path)
    {
        if (file.Type == Tss2KeyType.Sealed)
        {
            return SealedPublicKey(file, path);
        }

        TpmPublic area = blobs.Public;
        if (!area.Attributes.HasFlag(TPMA_OBJECT.sign) || area.Attributes.HasFlag(TPMA_OBJECT.restricted))
        {
            throw new BackendException(BackendFailure.Refused,
                $"The key file {path} cannot be used: the TPM does not let this key sign what it is given.");
        }

        return (ToPublicKey(area, path), file.Description ?? file.Comment);
    }

    /// <summary>The entry of a usable key file, without its certificate.</summary>
    /// <exception cref="BackendException">It is not usable; the message says why.</exception>
    public static TpmKeyEntry Usable(string name, string path, Tss2PrivateKeyFile file)
    {
        if (file.Type == Tss2KeyType.Importable)
        {
            throw new BackendException(
                BackendFailure.Refused, $"The key file {path} cannot be used: it was wrapped for "
                + "import and is not yet a key of this TPM. Import it with the program that wrapped it.");
        }

        TpmKeyBlobs blobs = Blobs(file, path);
        (PublicKey key, string? comment) = PublicKeyOf(file, blobs, path);
        TpmPolicy? policy = Tss2PolicyReplay.Read(file, path);
        return new TpmKeyEntry
        {
            Name = name,
            Path = path,
            PublicKey = key,
            Comment = string.IsNullOrEmpty(comment) ? name : comment,
            Type = key switch
            {
                EcdsaPublicKey => $"ecdsa-{key.SizeBits}",
                RsaPublicKey => $"rsa-{key.SizeBits}",
                _ => "ed25519",
            },
            IsSealed = file.Type == Tss2KeyType.Sealed,
            NeedsPin = !file.EmptyAuth,
            Pcrs = policy is null ? null : Tss2PolicyReplay.Describe(policy.Pcrs),
            Parent = file.Parent,
            // tpm2-tss-engine writes 0 where it means the owner hierarchy.
            ParentKey = new TpmParent(file.Parent == 0 ? TpmParent.OwnerHandle : file.Parent, file.RsaParent),
            Blobs = blobs,
            Policy = policy,
        };
    }

    private static TpmKeyBlobs Blobs(Tss2PrivateKeyFile file, string path)
    {
        try
        {
            return new TpmKeyBlobs(file.PublicKey, file.PrivateKey);
        }
        catch (TpmException exception)
        {
            throw new BackendException(BackendFailure.Refused,
                $"The key file {path} cannot be used: {exception.Message}", exception);
        }
    }

    private static PublicKey ToPublicKey(TpmPublic area, string path)
    {
        try
        {
            if (area.Type == TPM_ALG.RSA)
            {
                System.Security.Cryptography.RSAParameters rsa = area.ToRSAParameters();
                return new RsaPublicKey(rsa.Exponent, rsa.Modulus);
            }

            if (area.Type == TPM_ALG.ECC && EcdsaCurve.FromSize(area.KeyBits) is EcdsaCurve curve)
            {
                return new EcdsaPublicKey(curve, (byte[])[4, .. area.X.Span, .. area.Y.Span]);
            }
        }
        catch (WireFormatException exception)
        {
            throw new BackendException(BackendFailure.Refused,
                $"The key file {path} cannot be used: its public key is damaged ({exception.Message}).", exception);
        }

        throw new BackendException(
            BackendFailure.Refused, $"The key file {path} cannot be used: SSH has no such key type.");
    }

    // The public half of sealed data is not in its TPM2B_PUBLIC; see the decision on sealed Ed25519 keys.
    private static (PublicKey Key, string Comment) SealedPublicKey(Tss2PrivateKeyFile file, string path)
    {
        try
        {
            OpenSshPublicKeyLine line = OpenSshPublicKeyLine.Parse(file.Description ?? "");
            if (PublicKey.Decode(line.Blob.Memory) is Ed25519PublicKey key)
            {
                return (key, line.Comment);
            }
        }
        catch (WireFormatException)
        {
            // Said below: it is sealed data of another program.
        }

        throw new BackendException(
            BackendFailure.Refused, $"The key file {path} cannot be used: it is sealed data, and its "
            + "description is not the line of an ssh-ed25519 public key.");
    }

    private static (Certificate? Certificate, string? Broken) ReadCertificate(string path, PublicKey key)
    {
        if (!File.Exists(path))
        {
            return (null, null);
        }

        try
        {
            return (ParseCertificate(KeyFiles.Read(path, WireLimits.MaxPublicKeyLineBytes + 2), path, key), null);
        }
        catch (BackendException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>Reads the line of a certificate and checks that it certifies <paramref name="key"/>.</summary>
    /// <exception cref="BackendException">It is no certificate, or one of another key.</exception>
    public static Certificate ParseCertificate(ReadOnlySpan<byte> content, string path, PublicKey key)
    {
        try
        {
            OpenSshPublicKeyLine line = OpenSshPublicKeyLine.Parse(StrictUtf8.GetString(content));
            Certificate certificate = Certificate.Decode(line.Blob);
            return certificate.PublicKey.Equals(key)
                ? certificate
                : throw new BackendException(BackendFailure.Refused, $"The certificate {path} is for the key "
                    + $"{certificate.PublicKey.Fingerprint} and not for this one, {key.Fingerprint}.");
        }
        catch (Exception exception) when (exception is WireFormatException or DecoderFallbackException)
        {
            throw new BackendException(BackendFailure.Refused,
                $"The certificate {path} cannot be used: {exception.Message}.", exception);
        }
    }
}
