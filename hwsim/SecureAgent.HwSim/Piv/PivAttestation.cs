using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SecureAgent.HwSim.Piv;

/// <summary>Attestation of keys that were made on the card, with Yubico's extensions
/// (developers.yubico.com/PIV/Introduction/PIV_attestation.html). The root is one of this process, and nobody
/// else's.</summary>
internal static class PivAttestation
{
    private const string FirmwareOid = "1.3.6.1.4.1.41482.3.3";
    private const string SerialOid = "1.3.6.1.4.1.41482.3.7";
    private const string PoliciesOid = "1.3.6.1.4.1.41482.3.8";
    private const string FormFactorOid = "1.3.6.1.4.1.41482.3.9";
    private const int KeyBits = 2048;
    private const int SerialNumberBytes = 16;
    private const int CertificateTag = 0x70;
    private const int CertificateInfoTag = 0x71;
    private const int ErrorDetectionTag = 0xFE;

    // A YubiKey has no clock: these are the dates in its certificates.
    private static readonly DateTimeOffset NotBefore = new(2016, 3, 14, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2052, 4, 17, 0, 0, 0, TimeSpan.Zero);

    private static readonly Lazy<X509Certificate2> Root = new(CreateRoot);

    /// <summary>Makes the attestation key with its certificate, if the card has never had one.</summary>
    public static void Prepare(PivState state)
    {
        if (state.AttestationRoot is not null)
        {
            return;
        }

        PivKey key = PivKeyFactory.Generate(PivAlgorithm.Rsa2048, PinPolicy.Never, TouchPolicy.Never);
        CertificateRequest request = Request("CN=Yubico PIV Attestation", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        using RSA rootKey = Root.Value.GetRSAPrivateKey()!; // CreateRoot gave it one
        using X509Certificate2 certificate = request.Create(
            Root.Value.SubjectName, X509SignatureGenerator.CreateForRSA(rootKey, RSASignaturePadding.Pkcs1),
            NotBefore, NotAfter, SerialNumber());
        state.SetKey(PivSlot.Attestation, key);
        state.Objects[PivObjects.AttestationCertificate] =
        [
            .. Tlv.Write(CertificateTag, certificate.RawData), .. Tlv.Write(CertificateInfoTag, 0),
            .. Tlv.Write(ErrorDetectionTag),
        ];
        state.AttestationRoot = Root.Value.RawData;
    }

    /// <summary>The certificate that says how a key came to be.</summary>
    /// <exception cref="CardError">6A80: the key was imported; or the attestation key is gone or no RSA
    /// key.</exception>
    public static byte[] Attest(PivState state, byte slot, PivKey key)
    {
        Prepare(state);
        CardError.Unless(key.IsGenerated, StatusWord.WrongData);
        string name = slot.ToString("x2", CultureInfo.InvariantCulture);
        CertificateRequest request = Request($"CN=YubiKey PIV Attestation {name}", key);
        request.CertificateExtensions.Add(new X509Extension(FirmwareOid, state.Firmware.Bytes, critical: false));
        request.CertificateExtensions.Add(new X509Extension(SerialOid, Integer(state.Serial), critical: false));
        request.CertificateExtensions.Add(new X509Extension(
            PoliciesOid, [(byte)key.PinPolicy, (byte)key.TouchPolicy], critical: false));
        request.CertificateExtensions.Add(new X509Extension(
            FormFactorOid, [ManagementApplet.FormFactor], critical: false));
        using RSA signer = RSA.Create();
        CardError.Unless(
            state.Keys.GetValueOrDefault(PivSlot.Attestation) is RsaPivKey, StatusWord.WrongData);
        signer.ImportRSAPrivateKey(state.Keys[PivSlot.Attestation].PrivateBytes, out _);
        using X509Certificate2 certificate = request.Create(
            IssuerName(state), X509SignatureGenerator.CreateForRSA(signer, RSASignaturePadding.Pkcs1),
            NotBefore, NotAfter, SerialNumber());
        return certificate.RawData;
    }

    private static X500DistinguishedName IssuerName(PivState state)
    {
        try
        {
            byte[]? stored = state.Objects.GetValueOrDefault(PivObjects.AttestationCertificate);
            using X509Certificate2 certificate =
                X509CertificateLoader.LoadCertificate(Tlv.Read(stored).Get(CertificateTag));
            return certificate.SubjectName;
        }
        catch (CryptographicException)
        {
            throw new CardError(StatusWord.WrongData);
        }
    }

    private static X509Certificate2 CreateRoot()
    {
        using RSA key = RSA.Create(KeyBits);
        CertificateRequest request = new(
            "CN=SecureAgent simulated PIV root", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        return request.CreateSelfSigned(NotBefore, NotAfter);
    }

    private static CertificateRequest Request(string subject, PivKey key) => new(
        new X500DistinguishedName(subject), PublicKey.CreateFromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo, out _),
        HashAlgorithmName.SHA256);

    private static byte[] SerialNumber()
    {
        byte[] number = RandomNumberGenerator.GetBytes(SerialNumberBytes);
        number[0] = (byte)((number[0] & 0x7F) | 1); // positive, and as long as it looks
        return number;
    }

    private static byte[] Integer(uint value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteInteger(value);
        return writer.Encode();
    }
}
