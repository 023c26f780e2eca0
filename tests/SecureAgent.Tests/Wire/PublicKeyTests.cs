using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class PublicKeyTests
{
    public static TheoryData<string> Fingerprints => WireVectors.Theory("*.fingerprint.txt");

    [Theory]
    [MemberData(nameof(Fingerprints))]
    public void Fingerprint_and_size_are_those_of_ssh_keygen(string name)
    {
        string keyName = name.Split('.')[0];
        PublicKey key = PublicKey.Decode(WireVectors.Blob(keyName + ".pub"));
        string[] words = WireVectors.Text(name).Split(' ');
        Assert.Equal(words[0], key.SizeBits.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(words[1], key.Fingerprint);
        Assert.Equal(WireVectors.Text(keyName + ".pub").Split(' ')[0], key.KeyType);
    }

    [Theory]
    [MemberData(nameof(Fingerprints))]
    public void Key_made_of_its_fields_has_the_same_blob(string name)
    {
        KeyBlob blob = new(WireVectors.Blob(name.Split('.')[0] + ".pub"));
        PublicKey key = PublicKey.Decode(blob.Memory);
        PublicKey again = key switch
        {
            RsaPublicKey rsa => new RsaPublicKey(rsa.Exponent, rsa.Modulus),
            EcdsaPublicKey ecdsa => new EcdsaPublicKey(ecdsa.Curve, ecdsa.Point),
            Ed25519PublicKey ed25519 => new Ed25519PublicKey(ed25519.Key),
            SkEcdsaPublicKey sk => new SkEcdsaPublicKey(sk.Point, sk.Application),
            SkEd25519PublicKey sk => new SkEd25519PublicKey(sk.Key, sk.Application),
            _ => throw new InvalidOperationException(key.KeyType),
        };
        Assert.Equal(blob, again.Blob);
        Assert.Equal(key, again);
        Assert.Equal(key.GetHashCode(), again.GetHashCode());
    }

    [Theory]
    [MemberData(nameof(Fingerprints))]
    public void Key_blob_cut_anywhere_or_with_a_byte_more_is_refused(string name)
    {
        byte[] blob = WireVectors.Blob(name.Split('.')[0] + ".pub");
        for (int length = 0; length < blob.Length; length++)
        {
            Assert.Throws<WireFormatException>(() => PublicKey.Decode(blob.AsMemory(0, length)));
        }

        Assert.Throws<WireFormatException>(() => PublicKey.Decode((byte[])[.. blob, 0]));
    }

    [Fact]
    public void Application_of_a_security_key_is_read()
    {
        Assert.Equal("ssh:", ((SkEcdsaPublicKey)PublicKey.Decode(WireVectors.Blob("sk-ecdsa.pub"))).Application);
        Assert.Equal(
            "ssh:example", ((SkEd25519PublicKey)PublicKey.Decode(WireVectors.Blob("sk-ed25519.pub"))).Application);
    }

    [Fact]
    public void Composite_key_is_read_by_its_length()
    {
        // Type name and sizes are those of OpenSSH 10.5, ssh-mldsa-eddsa.c; the content is arbitrary.
        MlDsa44Ed25519PublicKey key = new(new byte[1312 + 32]);
        Assert.Equal("ssh-mldsa44-ed25519@openssh.com", key.KeyType);
        Assert.Equal(4 + 31 + 4 + 1344, key.Blob.Span.Length);
        Assert.Equal(key, PublicKey.Decode(key.Blob.Memory));
        Assert.Throws<WireFormatException>(() => new MlDsa44Ed25519PublicKey(new byte[1312]));
    }

    [Fact]
    public void Encodings_that_are_no_key_are_refused()
    {
        Assert.Throws<WireFormatException>(() => new RsaPublicKey(new byte[] { 0 }, new byte[] { 0xc1 }));
        Assert.Throws<WireFormatException>(() => new RsaPublicKey(default, new byte[] { 0xc1 }));
        Assert.Throws<WireFormatException>(() => new RsaPublicKey(new byte[] { 3 }, default));
        Assert.Throws<WireFormatException>(() => new RsaPublicKey(new byte[] { 3 }, LongModulus(2049)));
        Assert.Equal(16384, new RsaPublicKey(new byte[] { 3 }, LongModulus(2048)).SizeBits);
        Assert.Throws<WireFormatException>(() => new Ed25519PublicKey(new byte[31]));
        byte[] compressed = new byte[33];
        compressed[0] = 2;
        Assert.Throws<WireFormatException>(() => new EcdsaPublicKey(EcdsaCurve.NistP256, compressed));
        Assert.Throws<WireFormatException>(() => new EcdsaPublicKey(EcdsaCurve.NistP256, new byte[65]));
    }

    [Fact]
    public void Curve_must_be_that_of_the_key_type()
    {
        byte[] blob = WireVectors.Blob("ecdsa256.pub");
        int curve = blob.AsSpan().LastIndexOf("nistp256"u8);
        "nistp384"u8.CopyTo(blob.AsSpan(curve));
        Assert.Throws<WireFormatException>(() => PublicKey.Decode(blob));
    }

    [Fact]
    public void Certificate_gives_its_plain_key()
    {
        KeyBlob certificate = new(WireVectors.Blob("rsa-cert.pub"));
        Assert.Throws<WireFormatException>(() => PublicKey.Decode(certificate.Memory));
        Assert.Equal(
            PublicKey.Decode(WireVectors.Blob("rsa.pub")), PublicKey.DecodeKeyOrCertificate(certificate));
    }

    private static byte[] LongModulus(int bytes)
    {
        byte[] modulus = new byte[bytes];
        modulus.AsSpan().Fill(0xff);
        return modulus;
    }
}
