using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class Tss2PrivateKeyFileTests
{
    // The byte after 01 01 of field [0] is 01 in what tpm2-openssl writes and ff in DER.
    [Fact]
    public void True_may_be_01_or_ff()
    {
        Assert.Equal(0x01, TpmVectors.Der("tpm2-openssl-ec-p256.pem")[15]);
        Assert.Equal(0xff, TpmVectors.Der("asn1-old-loadable.pem")[14]);
        Assert.True(Read("tpm2-openssl-ec-p256.pem").EmptyAuth);
        Assert.True(Read("asn1-old-loadable.pem").EmptyAuth);
    }

    [Fact]
    public void A_written_or_absent_false_means_that_there_is_a_PIN()
    {
        Assert.False(Read("tpm2-openssl-ec-p384-auth.pem").EmptyAuth);
        byte[] der = TpmVectors.Der("tpm2-openssl-ec-p384-auth.pem");
        int field = der.AsSpan().IndexOf<byte>([0xA0, 0x03, 0x01, 0x01, 0x00]);
        byte[] absent = [.. der[..field], .. der[(field + 5)..]];
        absent[3] -= 5;
        Assert.False(Tss2PrivateKeyFile.Decode(absent, "key").EmptyAuth);
    }

    [Fact]
    public void The_old_object_identifier_is_a_loadable_key() =>
        Assert.Equal(Tss2KeyType.Loadable, Read("asn1-old-loadable.pem").Type);

    [Fact]
    public void A_persistent_parent_is_read()
    {
        Assert.Equal(0x81000001u, Read("tpm2-openssl-ec-p256-persistent-parent.pem").Parent);
        Assert.Equal(0x81000001u, Read("tpm2-encodeobject-ec-p256.pem").Parent);
    }

    // INTEGER -2130706431 is 0x81000001 to a writer with 32 bits and a sign.
    [Fact]
    public void A_negative_persistent_parent_is_read()
    {
        byte[] der = TpmVectors.Der("tpm2-openssl-ec-p256-persistent-parent.pem");
        int parent = der.AsSpan().IndexOf<byte>([0x02, 0x05, 0x00, 0x81]);
        byte[] negative = [.. der[..parent], 0x02, 0x04, .. der[(parent + 3)..]];
        negative[2]--;
        Assert.Equal(0x81000001u, Tss2PrivateKeyFile.Decode(negative, "key").Parent);
    }

    [Fact]
    public void Every_field_is_read()
    {
        Tss2PrivateKeyFile file = Read("asn1-every-field.pem");
        Assert.Equal(Tss2KeyType.Importable, file.Type);
        Assert.True(file.EmptyAuth);
        Assert.Equal([0x17Fu, 0x16Bu], file.Policy.Select(policy => policy.CommandCode));
        Assert.Equal(
            "00080102030405060708000000010B000003810000", Convert.ToHexString(file.Policy[0].CommandPolicy.Span));
        Assert.Equal(0, file.Policy[1].CommandPolicy.Length);
        Assert.Equal("0002AABB", Convert.ToHexString(file.Secret!.Value.Span));
        Assert.Equal(["kernel", null], file.AuthPolicy.Select(policy => policy.Name));
        Assert.All(file.AuthPolicy, policy => Assert.Equal(2, policy.Policies.Count));
        Assert.Equal("laptop für git", file.Description);
        Assert.True(file.RsaParent);
        Assert.Equal(0x81000001u, file.Parent);
        Assert.Equal(0x58, file.PublicKey.Length);
        Assert.Equal(0x80, file.PrivateKey.Length);
    }

    [Fact]
    public void A_sealed_file_is_read()
    {
        Tss2PrivateKeyFile file = Read("asn1-sealed.pem");
        Assert.Equal(Tss2KeyType.Sealed, file.Type);
        Assert.Equal("disk", file.Description);
        Assert.Null(file.Secret);
        Assert.False(file.EmptyAuth);
    }

    [Theory]
    [InlineData("asn1-every-field.pem")]
    [InlineData("asn1-sealed.pem")]
    public void What_is_written_is_what_openssl_encodes(string name) =>
        Assert.Equal(TpmVectors.Der(name), Read(name).EncodeDer());

    [Theory]
    [InlineData("tpm2-openssl-ec-p256.pem")]
    [InlineData("tpm2-openssl-ec-p384-auth.pem")]
    [InlineData("tpm2-openssl-rsa-2048.pem")]
    [InlineData("tpm2-openssl-ec-p256-persistent-parent.pem")]
    [InlineData("asn1-sealed.pem")]
    public void Reading_what_was_written_gives_the_same(string name)
    {
        Tss2PrivateKeyFile file = Read(name);
        byte[] written = file.Encode();
        Assert.Equal(written, Tss2PrivateKeyFile.Parse(written, name).Encode());
        Assert.DoesNotContain((byte)'\r', written);
        Assert.Equal((byte)'\n', written[^1]);
    }

    [Fact]
    public void The_comment_stands_before_the_PEM_block()
    {
        Tss2PrivateKeyFile file = Read("tpm2-openssl-ec-p256.pem");
        Assert.Null(file.Comment);
        byte[] written = (file with { Comment = "laptop für git" }).Encode();
        Assert.StartsWith("Comment: laptop für git\n-----BEGIN TSS2 PRIVATE KEY-----\n",
            System.Text.Encoding.UTF8.GetString(written), StringComparison.Ordinal);
        Assert.Equal("laptop für git", Tss2PrivateKeyFile.Parse(written, "key").Comment);
        Assert.Null(Tss2PrivateKeyFile.Parse([0xFF, (byte)'\n', .. written], "key").Comment);
    }

    [Fact]
    public void An_unknown_field_is_refused_and_named() =>
        Assert.Contains("[6]", Refused(TpmVectors.Bytes("asn1-unknown-field.pem")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("asn1-every-field.pem")]
    [InlineData("tpm2-openssl-rsa-2048.pem")]
    public void A_file_cut_anywhere_is_refused_by_name(string name)
    {
        byte[] whole = TpmVectors.Bytes(name);
        // Without its last newline it is still whole.
        for (int length = 0; length < whole.Length - 1; length++)
        {
            Assert.Contains("my.tpm", Refused(whole.AsSpan(0, length)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("asn1-every-field.pem")]
    [InlineData("tpm2-openssl-ec-p256.pem")]
    public void ASN1_cut_anywhere_is_refused(string name)
    {
        byte[] whole = TpmVectors.Der(name);
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.Throws<BackendException>(() => Tss2PrivateKeyFile.Decode(cut, "my.tpm"));
        }
    }

    [Theory]
    [InlineData("asn1-every-field.pem", 1)]
    [InlineData("tpm2-openssl-ec-p384-auth.pem", 2)]
    public void Changed_bytes_are_read_or_refused_and_nothing_else(string name, int seed)
    {
        Random random = new(seed);
        byte[] whole = TpmVectors.Der(name);
        for (int round = 0; round < 3000; round++)
        {
            byte[] changed = [.. whole];
            for (int change = 0; change < 1 + (round % 3); change++)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            try
            {
                byte[] written = Tss2PrivateKeyFile.Decode(changed, "my.tpm").EncodeDer();
                Assert.Equal(written, Tss2PrivateKeyFile.Decode(written, "my.tpm").EncodeDer());
            }
            catch (BackendException exception)
            {
                Assert.Contains("my.tpm", exception.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Another_PEM_file_is_refused_by_what_it_is()
    {
        string pem = "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n";
        Assert.Contains(
            "EC PRIVATE KEY", Refused(System.Text.Encoding.ASCII.GetBytes(pem)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_large_is_not_parsed() =>
        Assert.Contains("more than any", Refused(new byte[Tss2PrivateKeyFile.MaximumFileBytes + 1]).Message,
            StringComparison.Ordinal);

    private static Tss2PrivateKeyFile Read(string name) => Tss2PrivateKeyFile.Parse(TpmVectors.Bytes(name), name);

    private static BackendException Refused(ReadOnlySpan<byte> pem)
    {
        try
        {
            Tss2PrivateKeyFile.Parse(pem, "my.tpm");
        }
        catch (BackendException exception)
        {
            return exception;
        }

        Assert.Fail("The file was taken.");
        return null!;
    }
}
