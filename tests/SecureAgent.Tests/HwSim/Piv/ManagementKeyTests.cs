using System.Security.Cryptography;
using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class ManagementKeyTests
{
    private readonly CardUser _user = new(new PivCard(new PivCardOptions()));

    [Theory]
    // NBS SP 500-20; SP 800-67; openssl enc -des-ede3.
    [InlineData("010101010101010101010101010101010101010101010101", "8000000000000000", "95F8A5E5DD31D900")]
    [InlineData("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123", "5468652071756663", "A826FD8CE53B855F")]
    [InlineData("010203040506070801020304050607080102030405060708", "0102030405060708", "77A7D6BCF57962B9")]
    public void Triple_DES_is_that_of_others(string key, string block, string expected)
    {
        byte[] enciphered = TripleDesBlock.Encrypt(Convert.FromHexString(key), Convert.FromHexString(block));
        Assert.Equal(expected, Convert.ToHexString(enciphered));
    }

    [Theory]
    [InlineData(0x08, 16)]
    [InlineData(0x0A, 24)]
    [InlineData(0x0C, 32)]
    public void Key_is_replaced_by_one_of_AES_and_authenticates_both_sides(byte algorithm, int size) =>
        ReplaceAndAuthenticate(algorithm, size);

    [Fact]
    public void Key_is_replaced_by_one_of_3DES_and_authenticates_both_sides() => ReplaceAndAuthenticate(0x03, 24);

    [Fact]
    public void Wrong_answer_authenticates_nobody_and_a_challenge_serves_once()
    {
        _user.Select();
        _user.Command(0x87, 0x0A, 0x9B, [0x7C, 2, 0x80, 0]);
        byte[] wrong = CardUser.Tlv(0x7C, CardUser.Tlv(0x80, new byte[16]), CardUser.Tlv(0x81, new byte[16]));
        Assert.Equal(0x6982, _user.TryCommand(0x87, 0x0A, 0x9B, wrong).Status);
        Assert.Equal("6982", _user.Send("0047009A05AC03800111"));
        byte[] challenge = _user.Command(0x87, 0x0A, 0x9B, [0x7C, 2, 0x81, 0])[4..];
        using Aes aes = Aes.Create();
        aes.Key = CardUser.DefaultManagementKey;
        byte[] answer = CardUser.Tlv(0x7C, CardUser.Tlv(0x82, aes.EncryptEcb(challenge, PaddingMode.None)));
        _user.Command(0x87, 0x0A, 0x9B, answer);
        _user.Generate(0x9A, 0xE0);
        Assert.Equal(0x6982, _user.TryCommand(0x87, 0x0A, 0x9B, answer).Status);
        Assert.Equal("6982", _user.Send("0047009A05AC03800111"));
    }

    [Theory]
    [InlineData("00FFFFFF03089B10")]
    [InlineData("00FFFFFF13089C1000000000000000000000000000000000")]
    [InlineData("00FFFFFF13049B1000000000000000000000000000000000")]
    [InlineData("00FFFFFF12089B0F000000000000000000000000000000")]
    public void What_is_no_management_key_is_refused(string command)
    {
        _user.Manage();
        Assert.Equal("6A80", _user.Send(command));
        _user.Manage();
    }

    [Fact]
    public void Older_firmware_comes_with_3DES_and_newer_with_AES_192()
    {
        CardUser old = new(new PivCard(new PivCardOptions { Firmware = PivCardOptions.Firmware543 }));
        old.Select();
        Assert.Equal("0101030202000105" + "01019000", old.Send("00F7009B"));
        old.AuthenticateDefault3Des();
        _user.Select();
        Assert.Equal("01010A0202000105" + "01019000", _user.Send("00F7009B"));
    }

    private void ReplaceAndAuthenticate(byte algorithm, int size)
    {
        byte[] key = RandomNumberGenerator.GetBytes(size);
        _user.Manage();
        _user.Command(0xFF, 0xFF, 0xFF, [algorithm, 0x9B, (byte)size, .. key]);
        _user.Select();
        Assert.Equal("6982", _user.Send("0047009A05AC03800111"));
        _user.Authenticate(algorithm, key);
        _user.Generate(0x9A, 0xE0);
        byte other = algorithm == 0x08 ? (byte)0x0C : (byte)0x08;
        Assert.Equal(0x6A80, _user.TryCommand(0x87, other, 0x9B, [0x7C, 2, 0x80, 0]).Status);
    }
}
