using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class PivDataTests
{
    private readonly CardUser _user = new(new PivCard(new PivCardOptions()));

    [Fact]
    public void Discovery_object_is_there_from_the_start()
    {
        _user.Select();

        // SP 800-73-4 part 1, table 18: AID with version, PIN usage policy 40 00.
        Assert.Equal("7E124F0BA0000003080000100001005F2F0240009000", _user.Send("00CB3FFF035C017E00"));
    }

    [Theory]
    [InlineData("5FC102")] // card holder unique identifier
    [InlineData("5FC107")] // card capability container
    [InlineData("5FC105")] // certificate for 9A
    [InlineData("5FC101")] // certificate for 9E
    [InlineData("5FC120")] // certificate for 95
    [InlineData("5FC10C")] // key history
    [InlineData("5FFF00")] // Yubico's admin data
    public void Object_is_written_with_the_management_key_read_by_anybody_and_removed(string tag)
    {
        string list = "5C03" + tag;
        _user.Select();
        Assert.Equal("6A82", _user.Send($"00CB3FFF05{list}"));
        Assert.Equal("6982", _user.Send($"00DB3FFF09{list}53020102"));
        _user.Manage();
        Assert.Equal("9000", _user.Send($"00DB3FFF09{list}53020102"));
        _user.Select();
        Assert.Equal("530201029000", _user.Send($"00CB3FFF05{list}"));
        _user.Manage();
        Assert.Equal("9000", _user.Send($"00DB3FFF07{list}5300"));
        Assert.Equal("6A82", _user.Send($"00CB3FFF05{list}"));
    }

    [Theory]
    [InlineData("5FC109")] // printed information, where ykman keeps the management key
    [InlineData("5FC103")]
    [InlineData("5FC108")]
    [InlineData("5FC121")]
    public void Protected_object_needs_the_PIN(string tag)
    {
        _user.Manage();
        Assert.Equal("9000", _user.Send($"00DB3FFF095C03{tag}53020102"));
        Assert.Equal("6982", _user.Send($"00CB3FFF055C03{tag}"));
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        Assert.Equal("530201029000", _user.Send($"00CB3FFF055C03{tag}"));
    }

    [Fact]
    public void Wrong_tag_size_or_parameters_write_nothing()
    {
        _user.Manage();
        Assert.Equal("6A82", _user.Send("00DB3FFF075C015A53020102"));
        Assert.Equal("6A86", _user.Send("00DB3F00095C035FC10253020102"));
        Assert.Equal("6A80", _user.Send("00DB3FFF055C035FC102"));
        Assert.Equal("6A80", _user.Send("00DB3FFF095C035FC10253050102"));
        byte[] large = [0x5C, 3, 0x5F, 0xC1, 0x05, .. CardUser.Tlv(0x53, new byte[3060])];
        Assert.Equal(0x6A84, _user.TryCommand(0xDB, 0x3F, 0xFF, large).Status);
        byte[] fits = [0x5C, 3, 0x5F, 0xC1, 0x05, .. CardUser.Tlv(0x53, new byte[3059])];
        Assert.Equal(0x9000, _user.TryCommand(0xDB, 0x3F, 0xFF, fits).Status);
    }
}
