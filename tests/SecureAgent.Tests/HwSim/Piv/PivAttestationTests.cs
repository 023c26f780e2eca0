using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class PivAttestationTests
{
    private static readonly byte[] AttestationObject = [0x5C, 3, 0x5F, 0xFF, 0x01];

    private readonly PivCard _card = new(new PivCardOptions { Serial = 7654321 });
    private readonly CardUser _user;

    public PivAttestationTests()
    {
        _user = new CardUser(_card);
        _user.Manage();
    }

    [Fact]
    public void Generated_key_is_attested_up_to_the_root_with_firmware_serial_and_policies()
    {
        byte[] point = CardUser.Value(_user.Generate(0x9A, 0x11, pinPolicy: 3, touchPolicy: 2));
        using X509Certificate2 attestation = Attest(0x9A);
        using X509Certificate2 intermediate = Intermediate();
        using X509Certificate2 root = X509CertificateLoader.LoadCertificate(_card.AttestationRoot.Span);
        AssertChain(attestation, intermediate, root);
        Assert.Equal([5, 7, 2], Extension(attestation, 3));
        Assert.Equal(7654321, AsnDecoder.ReadInteger(Extension(attestation, 7), AsnEncodingRules.DER, out _));
        Assert.Equal([3, 2], Extension(attestation, 8));
        Assert.Equal([1], Extension(attestation, 9));
        Assert.Equal("CN=YubiKey PIV Attestation 9a", attestation.Subject);
        Assert.Equal(point, attestation.PublicKey.EncodedKeyValue.RawData);
    }

    [Theory]
    [InlineData(0x06, "1.2.840.113549.1.1.1")]
    [InlineData(0x14, "1.2.840.10045.2.1")]
    [InlineData(0xE0, "1.3.101.112")]
    [InlineData(0xE1, "1.3.101.110")]
    public void Keys_of_all_kinds_are_attested(byte algorithm, string oid)
    {
        string template = Convert.ToHexString(_user.Generate(0x95, algorithm));
        using X509Certificate2 attestation = Attest(0x95);
        using X509Certificate2 intermediate = Intermediate();
        using X509Certificate2 root = X509CertificateLoader.LoadCertificate(_card.AttestationRoot.Span);
        AssertChain(attestation, intermediate, root);
        Assert.Equal(oid, attestation.PublicKey.Oid.Value);
        Assert.Equal([2, 1], Extension(attestation, 8));
        if (algorithm != 0x06)
        {
            string key = Convert.ToHexString(attestation.PublicKey.EncodedKeyValue.RawData);
            Assert.EndsWith(key, template, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Attestation_key_can_be_replaced_and_is_no_longer_the_makers()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=ours", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 root = request.CreateSelfSigned(
            new DateTimeOffset(2016, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2053, 1, 1, 0, 0, 0, TimeSpan.Zero));
        RSAParameters parts = key.ExportParameters(includePrivateParameters: true);
        _user.Command(0xFE, 0x07, 0xF9, [.. CardUser.Tlv(1, parts.P!), .. CardUser.Tlv(2, parts.Q!)]);
        byte[] certificate = CardUser.Tlv(0x53, CardUser.Tlv(0x70, root.RawData));
        _user.Command(0xDB, 0x3F, 0xFF, [.. AttestationObject, .. certificate]);
        _user.Generate(0x9C, 0x11);
        using X509Certificate2 attestation = Attest(0x9C);
        using X509Certificate2 makers = X509CertificateLoader.LoadCertificate(_card.AttestationRoot.Span);
        AssertChain(attestation, root, root);
        using X509Chain chain = Chain(attestation, root, makers);
        Assert.False(chain.Build(attestation));
    }

    [Fact]
    public void Empty_slot_is_not_attested_nor_any_without_the_attestation_key()
    {
        Assert.Equal("6A88", _user.Send("00F99A00"));
        _user.Generate(0x9A, 0x11);
        Assert.Equal("9000", _user.Send("00F6FFF9")); // deleted
        Assert.Equal("6A80", _user.Send("00F99A00"));
    }

    private X509Certificate2 Attest(byte slot) =>
        X509CertificateLoader.LoadCertificate(_user.Command(0xF9, slot, 0, []));

    private X509Certificate2 Intermediate() => X509CertificateLoader.LoadCertificate(
        CardUser.Value(CardUser.Value(_user.Command(0xCB, 0x3F, 0xFF, AttestationObject))));

    private static void AssertChain(X509Certificate2 attestation, X509Certificate2 intermediate, X509Certificate2 root)
    {
        using X509Chain chain = Chain(attestation, intermediate, root);
        bool isBuilt = chain.Build(attestation);
        Assert.True(isBuilt, string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        Assert.Equal(root.RawData, chain.ChainElements[^1].Certificate.RawData);
    }

    private static X509Chain Chain(X509Certificate2 attestation, X509Certificate2 intermediate, X509Certificate2 root)
    {
        X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = attestation.NotBefore.AddYears(5);
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.Add(intermediate);
        return chain;
    }

    private static byte[] Extension(X509Certificate2 certificate, int number) =>
        certificate.Extensions.Single(extension => extension.Oid!.Value == $"1.3.6.1.4.1.41482.3.{number}").RawData;
}
