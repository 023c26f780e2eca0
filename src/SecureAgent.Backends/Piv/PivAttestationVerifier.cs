using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>Verifies attestations of keys on PIV tokens, offline and against given roots only
/// (developers.yubico.com/PIV/Introduction/PIV_attestation.html).</summary>
public static class PivAttestationVerifier
{
    private const string FirmwareOid = "1.3.6.1.4.1.41482.3.3";
    private const string SerialOid = "1.3.6.1.4.1.41482.3.7";
    private const string PoliciesOid = "1.3.6.1.4.1.41482.3.8";
    private const string SubjectPrefix = "YubiKey PIV Attestation ";

    /// <summary>Writes what <see cref="Verify"/> reads: certificates in PEM, that of the key first.</summary>
    public static string Write(PivAttestation attestation)
    {
        ArgumentNullException.ThrowIfNull(attestation);
        return string.Concat(new[] { attestation.Certificate, attestation.Issuer }
            .Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n"));
    }

    /// <summary>Verifies one.</summary>
    /// <param name="attestation">Certificates in PEM: that of the key, then those between it and the root.</param>
    /// <param name="roots">In PEM: self-signed certificates that are trusted, and others that may stand between.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="BackendException">It is none, does not lead to a root, or says nothing of a key that SSH
    /// uses.</exception>
    public static PivAttestationStatement Verify(string attestation, string roots)
    {
        X509Certificate2Collection certificates = Read(attestation, "The attestation");
        X509Certificate2Collection trusted = Read(roots, "The file of roots");
        try
        {
            PivCertificate leaf = PivCertificate.Parse(certificates[0].RawData);
            return Statement(leaf, RootOf(certificates, trusted));
        }
        finally
        {
            foreach (X509Certificate2 certificate in certificates.Concat(trusted))
            {
                certificate.Dispose();
            }
        }
    }

    private static string RootOf(X509Certificate2Collection certificates, X509Certificate2Collection trusted)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.ExtraStore.AddRange(certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        bool isTrusted = chain.Build(certificates[0]);
        string root = chain.ChainElements[^1].Certificate.Subject;
        string reasons = string.Join(
            ' ', chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct());
        foreach (X509ChainElement element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return isTrusted
            ? root
            : throw new BackendException($"The attestation does not lead to a root that is given: {reasons}");
    }

    private static PivAttestationStatement Statement(PivCertificate leaf, string root)
    {
        // A certificate of some other purpose, below the same root, has none of these.
        if (!leaf.Extensions.TryGetValue(PoliciesOid, out ReadOnlyMemory<byte> policies) || policies.Length != 2)
        {
            throw new BackendException("The first certificate in the file is no attestation of a key in a slot.");
        }

        return new PivAttestationStatement
        {
            PublicKey = leaf.PublicKey
                ?? throw new BackendException("The attestation is valid, but its key is none that SSH uses."),
            Root = root,
            Serial = leaf.Extensions.TryGetValue(SerialOid, out ReadOnlyMemory<byte> serial) ? Serial(serial) : null,
            Firmware = leaf.Extensions.TryGetValue(FirmwareOid, out ReadOnlyMemory<byte> firmware)
                && firmware.Span is [byte major, byte minor, byte build] ? new Version(major, minor, build) : null,
            Slot = leaf.CommonName?.StartsWith(SubjectPrefix, StringComparison.Ordinal) == true
                ? leaf.CommonName[SubjectPrefix.Length..]
                : null,
            PinPolicy = (PivPinPolicy)policies.Span[0],
            TouchPolicy = (PivTouchPolicy)policies.Span[1],
        };
    }

    private static uint? Serial(ReadOnlyMemory<byte> value)
    {
        try
        {
            return new AsnReader(value, AsnEncodingRules.DER).TryReadUInt32(out uint serial) ? serial : null;
        }
        catch (AsnContentException exception)
        {
            throw new BackendException("The attestation's serial number is malformed.", exception);
        }
    }

    private static X509Certificate2Collection Read(string pem, string what)
    {
        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException exception)
        {
            throw new BackendException($"{what} has a certificate that cannot be read: {exception.Message}", exception);
        }

        return certificates.Count > 0 ? certificates : throw new BackendException($"{what} has no certificate in PEM.");
    }
}
