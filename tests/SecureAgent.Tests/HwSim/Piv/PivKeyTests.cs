using System.Security.Cryptography;
using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

/// <summary>Key pairs, checked with .NET's own cryptography.</summary>
public sealed class PivKeyTests
{
    private const byte Rsa1024 = 0x06;
    private const byte Rsa2048 = 0x07;
    private const byte Rsa3072 = 0x05;
    private const byte Rsa4096 = 0x16;
    private const byte P256 = 0x11;
    private const byte P384 = 0x14;
    private const byte Ed25519 = 0xE0;
    private const byte X25519 = 0xE1;

    private static readonly byte[] Message = "to be signed"u8.ToArray();

    private readonly CardUser _user = new(new PivCard(new PivCardOptions()));

    public PivKeyTests()
    {
        _user.Manage();
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
    }

    [Theory]
    [InlineData(Rsa1024, 1024)]
    [InlineData(Rsa2048, 2048)]
    [InlineData(Rsa3072, 3072)]
    [InlineData(Rsa4096, 4096)]
    public void Generated_RSA_key_signs_a_padded_block(byte algorithm, int bits)
    {
        byte[] template = _user.Generate(0x9A, algorithm);
        using RSA key = PublicRsa(template);
        Assert.Equal(bits, key.KeySize);
        (byte[] signature, int status) = _user.Sign(0x9A, algorithm, Pkcs1Block(bits / 8));
        Assert.Equal(0x9000, status);
        Assert.True(key.VerifyData(Message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        byte[] tooLarge = [.. Enumerable.Repeat((byte)0xFF, bits / 8)];
        Assert.Equal(0x6A80, _user.Sign(0x9A, algorithm, tooLarge).Status);
        Assert.Equal(0x6A80, _user.Sign(0x9A, algorithm, new byte[(bits / 8) - 1]).Status);
    }

    [Theory]
    [InlineData(P256, 32)]
    [InlineData(P384, 48)]
    public void Generated_EC_key_signs_a_digest_and_agrees_on_a_secret(byte algorithm, int size)
    {
        byte[] point = CardUser.Value(_user.Generate(0x9D, algorithm));
        Assert.Equal((2 * size) + 1, point.Length);
        ECParameters parameters = new()
        {
            Curve = size == 32 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384,
            Q = new ECPoint { X = point[1..(size + 1)], Y = point[(size + 1)..] },
        };
        using ECDsa key = ECDsa.Create(parameters);
        byte[] digest = size == 32 ? SHA256.HashData(Message) : SHA384.HashData(Message);
        (byte[] signature, int status) = _user.Sign(0x9D, algorithm, digest);
        Assert.Equal(0x9000, status);
        Assert.True(key.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence));

        // A shorter digest is an integer with zeros in front of it.
        (signature, status) = _user.Sign(0x9D, algorithm, digest[..20]);
        Assert.Equal(0x9000, status);
        byte[] padded = [.. new byte[size - 20], .. digest[..20]];
        Assert.True(key.VerifyHash(padded, signature, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal(0x6A80, _user.Sign(0x9D, algorithm, new byte[size + 1]).Status);

        using ECDiffieHellman own = ECDiffieHellman.Create(parameters.Curve);
        using ECDiffieHellman cards = ECDiffieHellman.Create(parameters);
        ECPoint public1 = own.ExportParameters(includePrivateParameters: false).Q;
        byte[] peer = [4, .. public1.X!, .. public1.Y!];
        (byte[] secret, status) = _user.Use(0x9D, algorithm, 0x85, peer);
        Assert.Equal(0x9000, status);
        Assert.Equal(own.DeriveRawSecretAgreement(cards.PublicKey), secret);
        peer[^1] ^= 1; // no point of the curve
        Assert.Equal(0x6A80, _user.Use(0x9D, algorithm, 0x85, peer).Status);
    }

    [Fact]
    public void Imported_Ed25519_key_signs_as_RFC_8032_says()
    {
        // RFC 8032, 7.1, test 3.
        byte[] seed = Convert.FromHexString("C5AA8DF43F9F837BEDB7442F31DCB7B166D38535076F094B85CE3A2E0B4458F7");
        Assert.Equal(0x9000, _user.TryCommand(0xFE, Ed25519, 0x9A, CardUser.Tlv(0x07, seed)).Status);
        (byte[] signature, int status) = _user.Sign(0x9A, Ed25519, [0xAF, 0x82]);
        Assert.Equal(0x9000, status);
        Assert.Equal(
            "6291D657DEEC24024827E69C3ABE01A30CE548A284743A445E3680D7DB5AC3AC"
                + "18FF9B538D16F290AE67F760984DC6594A7C15E9716ED28DC027BECEEA1EC40A",
            Convert.ToHexString(signature));
        Assert.Contains(
            "0422" + "8620FC51CD8E6218A1A38DA47ED00230F0580816ED13BA3303AC5DEB911548908025", _user.Send("00F7009A"),
            StringComparison.Ordinal);
        Assert.Equal(0x6A80, _user.Use(0x9A, Ed25519, 0x85, new byte[32]).Status);
    }

    [Fact]
    public void Imported_X25519_key_agrees_as_RFC_7748_says()
    {
        // RFC 7748, 6.1: Bob's private key, Alice's public key, their secret.
        byte[] bob = Convert.FromHexString("5DAB087E624A8A4B79E17F8B83800EE66F3BB1292618B6FD1C2F8B27FF88E0EB");
        byte[] alice = Convert.FromHexString("8520F0098930A754748B7DDCB43EF75A0DBF3A0D26381AF4EBA4A98EAA9B4E6A");
        Assert.Equal(0x9000, _user.TryCommand(0xFE, X25519, 0x9D, CardUser.Tlv(0x08, bob)).Status);
        (byte[] secret, int status) = _user.Use(0x9D, X25519, 0x85, alice);
        Assert.Equal(0x9000, status);
        Assert.Equal(
            "4A5D9D5BA4CE2DE1728E3BF480350F25E07E21C947D19E3376F09B3C1E161742", Convert.ToHexString(secret));
        Assert.Equal(0x6A80, _user.Sign(0x9D, X25519, [1]).Status);
    }

    [Theory]
    [InlineData(Rsa1024, 1024)]
    [InlineData(Rsa2048, 2048)]
    public void Imported_RSA_key_is_the_same_key(byte algorithm, int bits)
    {
        using RSA key = RSA.Create(bits);
        RSAParameters parts = key.ExportParameters(includePrivateParameters: true);
        byte[] data =
        [
            .. CardUser.Tlv(1, parts.P!), .. CardUser.Tlv(2, parts.Q!), .. CardUser.Tlv(3, parts.DP!),
            .. CardUser.Tlv(4, parts.DQ!), .. CardUser.Tlv(5, parts.InverseQ!),
        ];
        Assert.Equal(0x9000, _user.TryCommand(0xFE, algorithm, 0x82, data).Status);
        (byte[] signature, int status) = _user.Sign(0x82, algorithm, Pkcs1Block(bits / 8));
        Assert.Equal(0x9000, status);
        Assert.Equal(key.SignData(Message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), signature);
        byte other = algorithm == Rsa1024 ? Rsa2048 : Rsa1024;
        Assert.Equal(0x6A80, _user.TryCommand(0xFE, other, 0x82, data).Status);
    }

    [Fact]
    public void Imported_EC_key_is_the_same_key_and_is_not_attested()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[] scalar = key.ExportParameters(includePrivateParameters: true).D!;
        Assert.Equal(0x9000, _user.TryCommand(0xFE, P384, 0x95, CardUser.Tlv(6, scalar)).Status);
        byte[] digest = SHA384.HashData(Message);
        (byte[] signature, int status) = _user.Sign(0x95, P384, digest);
        Assert.Equal(0x9000, status);
        Assert.True(key.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal("6A80", _user.Send("00F99500"));
        Assert.Equal(0x6A80, _user.TryCommand(0xFE, P384, 0x95, CardUser.Tlv(6, new byte[48])).Status);
    }

    [Theory]
    [InlineData(Rsa3072)]
    [InlineData(Rsa4096)]
    [InlineData(Ed25519)]
    [InlineData(X25519)]
    public void Firmware_5_4_refuses_what_came_with_5_7(byte algorithm)
    {
        CardUser old = OldCard();
        Assert.Equal(0x6A80, old.TryCommand(0x47, 0, 0x9A, [0xAC, 3, 0x80, 1, algorithm]).Status);
        Assert.Equal(0x6A80, old.TryCommand(0xFE, algorithm, 0x9A, CardUser.Tlv(7, new byte[32])).Status);
    }

    [Fact]
    public void Key_is_moved_to_an_empty_slot_and_deleted_from_firmware_5_7_on()
    {
        byte[] template = _user.Generate(0x9A, Ed25519);
        _user.Generate(0x9C, Ed25519);
        Assert.Equal("6A80", _user.Send("00F69C9A")); // not empty
        Assert.Equal("9000", _user.Send("00F6829A"));
        Assert.Equal("6A88", _user.Send("00F7009A"));
        Assert.EndsWith(Convert.ToHexString(template) + "9000", _user.Send("00F70082"), StringComparison.Ordinal);
        Assert.Equal("9000", _user.Send("00F6FF82"));
        Assert.Equal("6A88", _user.Send("00F6FF82"));
        Assert.Equal("6A86", _user.Send("00F69AF9")); // the attestation key does not move
        Assert.Equal("6D00", OldCard().Send("00F6FF9A"));
    }

    [Fact]
    public void Making_importing_and_moving_keys_needs_the_management_key()
    {
        _user.Select();
        Assert.Equal("6982", _user.Send("0047009A05AC03800111"));
        Assert.Equal(0x6982, _user.TryCommand(0xFE, P256, 0x9A, CardUser.Tlv(6, new byte[32])).Status);
        Assert.Equal("6982", _user.Send("00F6829A"));
    }

    [Fact]
    public void Empty_slots_other_algorithms_and_the_attestation_key_sign_nothing()
    {
        _user.Generate(0x9A, Ed25519);
        Assert.Equal(0x6A88, _user.Sign(0x9C, Ed25519, new byte[32]).Status);
        Assert.Equal(0x6A80, _user.Sign(0x9A, P384, new byte[32]).Status);
        Assert.Equal(0x6A88, _user.Sign(0xF9, Rsa2048, new byte[256]).Status);
        Assert.Equal("6A86", _user.Send("0047009B05AC03800111"));
        Assert.Equal("6A80", _user.Send("0047009A05AC03800199"));
        Assert.Equal("6A80", _user.Send("0047009A08AC06800111AA0104"));
    }

    private static CardUser OldCard()
    {
        CardUser user = new(new PivCard(new PivCardOptions { Firmware = PivCardOptions.Firmware543 }));
        user.Select();
        user.AuthenticateDefault3Des();
        return user;
    }

    private static RSA PublicRsa(byte[] template)
    {
        byte[] modulus = CardUser.Value(template);
        byte[] exponent = CardUser.Value(template[^5..]);
        return RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent });
    }

    // EMSA-PKCS1-v1_5 of SHA-256 (RFC 8017, 9.2).
    private static byte[] Pkcs1Block(int length)
    {
        byte[] info =
        [
            .. Convert.FromHexString("3031300D060960864801650304020105000420"), .. SHA256.HashData(Message),
        ];
        return [0, 1, .. Enumerable.Repeat((byte)0xFF, length - info.Length - 3), 0, .. info];
    }
}
