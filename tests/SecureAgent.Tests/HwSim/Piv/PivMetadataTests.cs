using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class PivMetadataTests
{
    private readonly CardUser _user = new(new PivCard(new PivCardOptions()));

    [Fact]
    public void PIN_and_PUK_tell_tries_and_whether_they_were_changed()
    {
        _user.Select();
        Assert.Equal("0101FF0501010602" + "03039000", _user.Send("00F70080"));
        _user.Verify("000000");
        Assert.Equal("0101FF0501010602" + "03029000", _user.Send("00F70080"));
        _user.Command(0x24, 0, 0x80, [.. CardUser.Padded(CardUser.Pin), .. CardUser.Padded("654321")]);
        Assert.Equal("0101FF0501000602" + "03039000", _user.Send("00F70080"));
        Assert.Equal("0101FF0501010602" + "03039000", _user.Send("00F70081"));
    }

    [Fact]
    public void Key_tells_algorithm_policies_origin_and_public_key()
    {
        _user.Manage();
        Assert.Equal("6A88", _user.Send("00F7009A"));
        string template = Convert.ToHexString(_user.Generate(0x9A, 0x14, 3, 2));
        Assert.Equal("010114" + "02020302" + "030101" + $"0463{template}" + "9000", _user.Send("00F7009A"));
        _user.Command(0xFE, 0xE0, 0x9A, CardUser.Tlv(7, new byte[32]));
        string imported = _user.Send("00F7009A");
        Assert.StartsWith("0101E0" + "02020201" + "030102" + "04228620", imported, StringComparison.Ordinal);
    }

    [Fact]
    public void Attestation_key_is_there_from_the_start()
    {
        _user.Select();
        Assert.StartsWith("010107" + "02020101" + "030101", _user.Send("00F700F9"), StringComparison.Ordinal);
    }
}
