using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class PivAttestationTests
{
    [Fact]
    public void Generated_key_is_attested_up_to_the_root_with_firmware_serial_and_policies()
    {
        PivCard card = new(new PivCardOptions { Serial = 7654321 });
        CardUser user = new(card);
        user.Manage();
        user.Generate(0x9A, 0x11, pinPolicy: 3, touchPolicy: 2);
        using X509Certificate2 attestation = X509CertificateLoader.LoadCertificate(user.Command(0xF9, 0x9A, 0, []));
        byte[] stored = user.Command(0xCB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xFF, 0x01]);
        using X509Certificate2 intermediate =
            X509CertificateLoader.LoadCertificate(CardUser.Value(CardUser.Value(stored)));
        using X509Certificate2 root = X509CertificateLoader.LoadCertificate(card.AttestationRoot.Span);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.Add(intermediate);
        Assert.True(chain.Build(attestation), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        Assert.Equal(3, chain.ChainElements.Count);
        Assert.Equal([5, 7, 2], Extension(attestation, 3));
        Assert.Equal(7654321, AsnDecoder.ReadInteger(Extension(attestation, 7), AsnEncodingRules.DER, out _));
        Assert.Equal([3, 2], Extension(attestation, 8));
        Assert.Equal([1], Extension(attestation, 9));
        Assert.Equal("CN=YubiKey PIV Attestation 9a", attestation.Subject);
    }

    private static byte[] Extension(X509Certificate2 certificate, int number) =>
        certificate.Extensions.Single(extension => extension.Oid!.Value == $"1.3.6.1.4.1.41482.3.{number}").RawData;
}
