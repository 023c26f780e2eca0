using System.Diagnostics;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class OpenSshPrivateKeyFileTests
{
    private static readonly byte[] Passphrase = "correct horse"u8.ToArray();

    [Theory]
    [InlineData("rsa")]
    [InlineData("ecdsa256")]
    [InlineData("ecdsa384")]
    [InlineData("ecdsa521")]
    [InlineData("ed25519")]
    [InlineData("sk-ecdsa")]
    [InlineData("sk-ed25519")]
    public void Unencrypted_file_has_the_key_of_its_pub_file(string name)
    {
        byte[] text = WireVectors.Bytes(name + ".key");
        Assert.True(OpenSshPrivateKeyFile.IsOpenSshPrivateKey(text));
        Assert.False(OpenSshPrivateKeyFile.IsEncrypted(text));
        using OpenSshPrivateKeyFile file = OpenSshPrivateKeyFile.Decode(text, []);
        OpenSshPublicKeyLine line = OpenSshPublicKeyLine.Parse(WireVectors.Text(name + ".pub"));
        Assert.Equal(line.Blob, file.Key.Blob);
        Assert.Equal(line.Comment, file.Comment);
        RequirePairs(file.Key);
    }

    [Theory]
    [InlineData("ed25519-aes128-cbc")]
    [InlineData("ed25519-aes192-cbc")]
    [InlineData("ed25519-aes256-cbc")]
    [InlineData("ed25519-aes128-ctr")]
    [InlineData("ed25519-aes192-ctr")]
    [InlineData("ed25519-aes256-ctr")]
    [InlineData("ed25519-aes128-gcm")]
    [InlineData("ed25519-aes256-gcm")]
    [InlineData("rsa-3-rounds")]
    public void Encrypted_file_opens_with_its_passphrase_only(string name)
    {
        byte[] text = WireVectors.Bytes(name + ".key");
        Assert.True(OpenSshPrivateKeyFile.IsEncrypted(text));
        using (OpenSshPrivateKeyFile file = OpenSshPrivateKeyFile.Decode(text, Passphrase))
        {
            Assert.Equal(new KeyBlob(WireVectors.Blob(name.Split('-')[0] + ".pub")), file.Key.Blob);
            Assert.Equal(name.Split('-')[0] + " key", file.Comment);
        }

        Assert.Throws<WrongPassphraseException>(() => OpenSshPrivateKeyFile.Decode(text, "correct horsf"u8));
        Assert.Throws<WrongPassphraseException>(() => OpenSshPrivateKeyFile.Decode(text, []));
    }

    [Theory]
    [InlineData("ed25519-chacha20-poly1305.key", "chacha20-poly1305@openssh.com")]
    [InlineData("ed25519-3des-cbc.key", "3des-cbc")]
    public void Unsupported_cipher_is_named(string name, string cipher)
    {
        WireFormatException e = Assert.Throws<WireFormatException>(
            () => OpenSshPrivateKeyFile.Decode(WireVectors.Bytes(name), Passphrase));
        Assert.Contains(cipher, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unencrypted_file_cut_anywhere_is_refused()
    {
        byte[] binary = Binary("ed25519.key");
        for (int length = 0; length < binary.Length; length++)
        {
            byte[] text = Armor(binary.AsSpan(0, length));
            Assert.Throws<WireFormatException>(() => OpenSshPrivateKeyFile.Decode(text, []));
        }

        Assert.Throws<WireFormatException>(() => OpenSshPrivateKeyFile.Decode(Armor([.. binary, 0]), []));
    }

    [Fact]
    public void Changed_check_number_padding_or_public_key_is_refused()
    {
        byte[] binary = Binary("ed25519.key");
        using (OpenSshPrivateKeyFile.Decode(Armor(binary), []))
        {
        }

        int check = binary.AsSpan().IndexOf("ssh-ed25519"u8);
        int section = binary.AsSpan(check + 1).IndexOf("ssh-ed25519"u8) + check + 1;
        foreach (int index in new[] { section - 5, binary.Length - 1, check + 20, section + 20, section + 90 })
        {
            byte[] changed = [.. binary];
            changed[index] ^= 1;
            Assert.Throws<WireFormatException>(() => OpenSshPrivateKeyFile.Decode(Armor(changed), []));
        }
    }

    [Fact]
    public void Changed_ciphertext_under_gcm_is_refused()
    {
        byte[] binary = Binary("ed25519-aes256-gcm.key");
        binary[^20] ^= 1;
        Assert.Throws<WrongPassphraseException>(() => OpenSshPrivateKeyFile.Decode(Armor(binary), Passphrase));
    }

    [Fact]
    public void Number_of_rounds_has_a_limit()
    {
        byte[] binary = Binary("ed25519-aes256-ctr.key");
        int rounds = binary.AsSpan().IndexOf("bcrypt"u8) + 6 + 4 + 4 + 16;
        Assert.Equal(16, binary[rounds + 3]);
        binary[rounds] = 0x7f;
        WireFormatException e = Assert.Throws<WireFormatException>(
            () => OpenSshPrivateKeyFile.Decode(Armor(binary), Passphrase));
        Assert.Contains("rounds", e.Message, StringComparison.Ordinal);
        binary[rounds] = binary[rounds + 3] = 0;
        Assert.Throws<WireFormatException>(() => OpenSshPrivateKeyFile.Decode(Armor(binary), Passphrase));
    }

    [Fact]
    public void Other_texts_are_refused()
    {
        Assert.False(OpenSshPrivateKeyFile.IsOpenSshPrivateKey("-----BEGIN PRIVATE KEY-----"u8));
        Assert.Throws<WireFormatException>(() => OpenSshPrivateKeyFile.IsEncrypted(""u8));
        Assert.Throws<WireFormatException>(
            () => OpenSshPrivateKeyFile.IsEncrypted("-----BEGIN OPENSSH PRIVATE KEY-----"u8));
        Assert.Throws<WireFormatException>(() => OpenSshPrivateKeyFile.Decode(Armor("something else"u8), []));
        Assert.Throws<WireFormatException>(
            () => OpenSshPrivateKeyFile.IsEncrypted(new byte[WireLimits.MaxPrivateKeyFileBytes + 1]));
        byte[] text = WireVectors.Bytes("ed25519.key");
        text[text.AsSpan().IndexOf((byte)'\n') + 3] = (byte)'*';
        Assert.Throws<WireFormatException>(() => OpenSshPrivateKeyFile.Decode(text, []));
    }

    [Fact]
    public void Windows_line_ends_and_blank_space_around_are_read()
    {
        string text = "\r\n" + WireVectors.Text("ed25519.key").Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n";
        using OpenSshPrivateKeyFile file = OpenSshPrivateKeyFile.Decode(Encoding.ASCII.GetBytes(text), []);
        Assert.Equal("ed25519 key", file.Comment);
    }

    [Fact]
    public void Disposed_key_is_zero_and_its_text_shows_nothing()
    {
        OpenSshPrivateKeyFile file = OpenSshPrivateKeyFile.Decode(WireVectors.Bytes("rsa.key"), []);
        RsaPrivateKey key = Assert.IsType<RsaPrivateKey>(file.Key);
        Assert.Contains(key.D, value => value != 0);
        string text = key.ToString();
        Assert.Equal($"private key of ssh-rsa {key.PublicKey.Fingerprint}", text);
        file.Dispose();
        byte[][] secrets = [key.D, key.P, key.Q, key.InverseQ];
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, value => value != 0));
    }

    [Theory]
    // OpenBSD, regress/lib/libutil/bcrypt_pbkdf: password, salt, 4 rounds.
    [InlineData("password", "salt", 4, "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9")]
    public void Key_derivation_has_the_published_result(string passphrase, string salt, int rounds, string expected)
    {
        byte[] key = new byte[expected.Length / 2];
        BcryptPbkdf.Derive(Encoding.ASCII.GetBytes(passphrase), Encoding.ASCII.GetBytes(salt), rounds, key);
        Assert.Equal(expected, Convert.ToHexStringLower(key));
    }

    [Theory]
    // Test vectors of E. Young, published with Blowfish: key, plain, cipher.
    [InlineData("0000000000000000", 0x00000000u, 0x00000000u, 0x4ef99745u, 0x6198dd78u)]
    [InlineData("ffffffffffffffff", 0xffffffffu, 0xffffffffu, 0x51866fd5u, 0xb85ecb8au)]
    [InlineData("0123456789abcdef", 0x11111111u, 0x11111111u, 0x61f9c380u, 0x2281b096u)]
    public void Blowfish_has_the_published_results(string key, uint left, uint right, uint cipherLeft, uint cipherRight)
    {
        using Blowfish blowfish = new([], Convert.FromHexString(key));
        blowfish.Encrypt(ref left, ref right);
        Assert.Equal((cipherLeft, cipherRight), (left, right));
    }

    [Theory]
    [InlineData("rsa", "2048", "aes256-ctr")]
    [InlineData("ecdsa", "384", "aes256-gcm@openssh.com")]
    [InlineData("ed25519", "256", "aes128-cbc")]
    public void File_that_ssh_keygen_writes_now_opens(string type, string bits, string cipher)
    {
        string folder = Directory.CreateTempSubdirectory("secure-agent-wire-").FullName;
        try
        {
            string path = Path.Combine(folder, "key");
            ProcessStartInfo start = new(Requires.Tool("ssh-keygen"))
            {
                ArgumentList =
                {
                    "-q", "-t", type, "-b", bits, "-N", "correct horse", "-Z", cipher, "-C", "made now", "-f", path,
                },
            };
            using (Process process = Process.Start(start)!)
            {
                Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
                Assert.Equal(0, process.ExitCode);
            }

            using OpenSshPrivateKeyFile file = OpenSshPrivateKeyFile.Decode(File.ReadAllBytes(path), Passphrase);
            Assert.Equal(OpenSshPublicKeyLine.Parse(File.ReadAllText(path + ".pub")).Blob, file.Key.Blob);
            Assert.Equal("made now", file.Comment);
            RequirePairs(file.Key);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static byte[] Binary(string name)
    {
        string[] lines = WireVectors.Text(name).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return Convert.FromBase64String(string.Concat(lines[1..^1]));
    }

    internal static byte[] Armor(ReadOnlySpan<byte> binary) => Encoding.ASCII.GetBytes(
        $"-----BEGIN OPENSSH PRIVATE KEY-----\n{Convert.ToBase64String(binary)}\n-----END OPENSSH PRIVATE KEY-----\n");

    /// <summary>Checks with the platform's code that the secret numbers are those of the public key.</summary>
    private static void RequirePairs(PrivateKey key)
    {
        switch (key)
        {
            case RsaPrivateKey rsa:
                BigInteger n = Number(rsa.Key.Modulus.Span);
                BigInteger p = Number(rsa.P);
                BigInteger q = Number(rsa.Q);
                Assert.Equal(n, p * q);
                Assert.Equal(1, Number(rsa.InverseQ) * q % p);
                BigInteger raised = BigInteger.ModPow(42, Number(rsa.Key.Exponent.Span), n);
                Assert.Equal(42, BigInteger.ModPow(raised, Number(rsa.D), n));
                break;
            case EcdsaPrivateKey ecdsa:
                using (ECDsa pair = ECDsa.Create(new ECParameters { Curve = ecdsa.Key.Curve.Parameters, D = ecdsa.D }))
                {
                    ECPoint point = pair.ExportParameters(includePrivateParameters: false).Q;
                    Assert.Equal(ecdsa.Key.Point.ToArray(), [4, .. point.X!, .. point.Y!]);
                }

                break;
            case Ed25519PrivateKey ed25519:
                Assert.Equal(32, ed25519.Seed.Length);
                break;
            default:
                SkPrivateKey sk = Assert.IsType<SkPrivateKey>(key);
                Assert.Equal(1, sk.Flags);
                Assert.Equal("key handle of no device"u8, sk.KeyHandle.AsSpan(0, 23));
                break;
        }
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
