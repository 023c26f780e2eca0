using System.Globalization;
using System.Text;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class CertificateTests
{
    public static TheoryData<string> Certificates => WireVectors.Theory("*-cert.pub");

    [Theory]
    [MemberData(nameof(Certificates))]
    public void Certificate_reads_as_ssh_keygen_lists_it(string name)
    {
        Certificate certificate = Certificate.Decode(new KeyBlob(WireVectors.Blob(name)));
        string listing = name.Replace(".pub", ".listing.txt", StringComparison.Ordinal);
        Assert.Equal(WireVectors.Text(listing), List(certificate));
    }

    [Theory]
    [MemberData(nameof(Certificates))]
    public void Certificate_cut_anywhere_or_with_a_byte_more_is_refused(string name)
    {
        byte[] blob = WireVectors.Blob(name);
        for (int length = 0; length < blob.Length; length++)
        {
            Assert.Throws<WireFormatException>(() => Certificate.Decode(new KeyBlob(blob.AsMemory(0, length))));
        }

        Assert.Throws<WireFormatException>(() => Certificate.Decode(new KeyBlob((byte[])[.. blob, 0])));
    }

    [Theory]
    [MemberData(nameof(Certificates))]
    public void What_is_signed_is_all_before_the_signature(string name)
    {
        KeyBlob blob = new(WireVectors.Blob(name));
        Certificate certificate = Certificate.Decode(blob);
        Assert.Equal(blob.Span.Length, certificate.ToBeSigned.Length + 4 + certificate.Signature.Length);
        Certificate unsigned = Certificate.DecodeToBeSigned(certificate.ToBeSigned);
        Assert.True(unsigned.Signature.IsEmpty);
        Assert.Equal(certificate.KeyId, unsigned.KeyId);
        Assert.Throws<WireFormatException>(() => Certificate.DecodeToBeSigned(blob.Memory));
    }

    [Fact]
    public void Signature_of_an_rsa_authority_verifies_over_what_is_signed()
    {
        Certificate certificate = Certificate.Decode(new KeyBlob(WireVectors.Blob("forever-cert.pub")));
        SignatureBlob signature = SignatureBlob.Decode(certificate.Signature);
        Assert.True(SignatureTests.Verifies(certificate.SignatureKey, signature, certificate.ToBeSigned.Span));
    }

    [Theory]
    [MemberData(nameof(Certificates))]
    public void Type_is_recognised(string name)
    {
        KeyBlob blob = new(WireVectors.Blob(name));
        Assert.True(CertificateKeyType.IsCertificate(blob));
        string type = WireVectors.Text(name).Split(' ')[0];
        string plain = Certificate.Decode(blob).PublicKey.KeyType;
        Assert.Equal(plain, CertificateKeyType.PlainTypeOf(type));
        Assert.Equal(type, CertificateKeyType.Of(plain));
        Assert.Null(CertificateKeyType.PlainTypeOf(plain));
        Assert.False(CertificateKeyType.IsCertificate(Certificate.Decode(blob).PublicKey.Blob));
    }

    [Fact]
    public void Other_kinds_than_user_and_host_are_refused()
    {
        byte[] blob = WireVectors.Blob("ed25519-cert.pub");
        int kind = blob.AsSpan().IndexOf("id of ed25519"u8) - 8;
        Assert.Equal(1, blob[kind + 3]);
        blob[kind + 3] = 3;
        Assert.Throws<WireFormatException>(() => Certificate.Decode(new KeyBlob(blob)));
    }

    /// <summary>Writes what <c>TZ=UTC ssh-keygen -L</c> prints.</summary>
    private static string List(Certificate certificate)
    {
        StringBuilder text = new();
        string kind = certificate.Type == Certificate.HostType ? "host" : "user";
        Line($"        Type: {certificate.KeyType} {kind} certificate");
        Line($"        Public key: {Short(certificate.PublicKey)}-CERT {certificate.PublicKey.Fingerprint}");
        string signedWith = SignatureBlob.Decode(certificate.Signature).Algorithm.Name;
        PublicKey authority = certificate.SignatureKey;
        Line($"        Signing CA: {Short(authority)} {authority.Fingerprint} (using {signedWith})");
        Line($"        Key ID: \"{certificate.KeyId}\"");
        Line($"        Serial: {certificate.Serial}");
        Line(certificate is { ValidAfter: 0, ValidBefore: ulong.MaxValue }
            ? "        Valid: forever"
            : $"        Valid: from {Time(certificate.ValidAfter)} to {Time(certificate.ValidBefore)}");
        Group("Principals", certificate.ValidPrincipals);
        Group("Critical Options", certificate.CriticalOptions.Select(option => Option(option.Key, option.Value)));
        Group("Extensions", certificate.Extensions.Select(
            option => option.Key + (option.Key.Contains('@', StringComparison.Ordinal) ? " UNKNOWN FLAG OPTION" : "")));
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');

        void Group(string title, IEnumerable<string> entries)
        {
            string[] lines = [.. entries];
            Line($"        {title}: {(lines.Length == 0 ? "(none)" : "")}");
            foreach (string line in lines)
            {
                Line("                " + line);
            }
        }
    }

    private static string Option(string name, ReadOnlyMemory<byte> content) =>
        name is "force-command" or "source-address"
        ? $"{name} {Encoding.UTF8.GetString(new WireReader(content.Span).ReadString("option"))}"
        : $"{name} UNKNOWN OPTION: {Convert.ToHexStringLower(content.Span)} (len {content.Length})";

    private static string Short(PublicKey key) => key switch
    {
        RsaPublicKey => "RSA",
        EcdsaPublicKey => "ECDSA",
        Ed25519PublicKey => "ED25519",
        SkEcdsaPublicKey => "ECDSA-SK",
        SkEd25519PublicKey => "ED25519-SK",
        _ => "?",
    };

    private static string Time(ulong seconds) => DateTimeOffset.FromUnixTimeSeconds((long)seconds)
        .ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
}
