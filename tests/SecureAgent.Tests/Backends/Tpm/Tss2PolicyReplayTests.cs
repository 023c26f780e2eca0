using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class Tss2PolicyReplayTests
{
    private const string Digest = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    // TPML_PCR_SELECTION of Part 2, 10.9.7: one bank, SHA-256, three bytes of bits: PCRs 0, 1, 7 and 23.
    private const string Selection = "00000001000B03830080";

    [Theory]
    [InlineData("0020" + Digest + Selection)]
    [InlineData("0000" + Selection)]
    [InlineData(Selection + Digest)]
    public void PCRs_are_read_in_the_published_form_and_in_that_of_openssl_tpm2_engine(string body)
    {
        TpmPolicy policy = Tss2PolicyReplay.Read(File(new Tss2Policy(0x17F, Convert.FromHexString(body))), "key")!;
        Assert.Equal("sha256:0,1,7,23", Tss2PolicyReplay.Describe(policy.Pcrs));
        Assert.False(policy.AuthValue);
    }

    [Theory]
    [InlineData(0x16Bu)]
    [InlineData(0x18Cu)]
    public void A_PIN_after_the_PCRs_is_read(uint command)
    {
        Tss2Policy pcrs = new(0x17F, Convert.FromHexString("0000" + Selection));
        Assert.True(Tss2PolicyReplay.Read(File(pcrs, new Tss2Policy(command, default)), "key")!.AuthValue);
    }

    [Fact]
    public void What_is_written_is_the_body_of_TPM2_PolicyPCR()
    {
        TpmPolicy policy = new(Tss2PolicyReplay.ParseList("sha256:0,1,7,23"), AuthValue: true);
        IReadOnlyList<Tss2Policy> written = Tss2PolicyReplay.Write(policy, Convert.FromHexString(Digest));
        Assert.Equal([0x17Fu, 0x16Bu], written.Select(command => command.CommandCode));
        Assert.Equal("0020" + Digest + Selection, Convert.ToHexString(written[0].CommandPolicy.Span));
        Assert.True(written[1].CommandPolicy.IsEmpty);
    }

    [Theory]
    [InlineData(0x17Fu, "00")]
    [InlineData(0x17Fu, "")]
    [InlineData(0x17Fu, "0000" + "00000002000B03830080000403830080")]
    [InlineData(0x17Fu, "0000" + "00000001000B03000000")]
    [InlineData(0x17Fu, "0000" + "000000010099" + "03830080")]
    [InlineData(0x16Bu, "")]
    [InlineData(0x160u, "0000")]
    public void Policies_that_cannot_be_replayed_are_refused(uint command, string body)
    {
        Tss2PrivateKeyFile file = File(new Tss2Policy(command, Convert.FromHexString(body)));
        BackendException exception = Assert.Throws<BackendException>(() => Tss2PolicyReplay.Read(file, "my.tpm"));
        Assert.Contains("my.tpm", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sha256:0,2,7", "sha256:0,2,7")]
    [InlineData("7", "sha256:7")]
    [InlineData("SHA384:23,0", "sha384:0,23")]
    public void A_list_is_a_bank_and_numbers(string list, string meaning) =>
        Assert.Equal(meaning, Tss2PolicyReplay.Describe(Tss2PolicyReplay.ParseList(list)));

    [Theory]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha256:24")]
    [InlineData("sha256:-1")]
    [InlineData("sha256:0,,2")]
    [InlineData("md5:0")]
    [InlineData("sha256:0:1")]
    [InlineData("sha256:0x1")]
    public void Other_lists_are_refused(string list) =>
        Assert.Throws<BackendException>(() => Tss2PolicyReplay.ParseList(list));

    private static Tss2PrivateKeyFile File(params Tss2Policy[] policies) => new()
    {
        Type = Tss2KeyType.Loadable,
        PublicKey = default,
        PrivateKey = default,
        Policy = policies,
    };
}
