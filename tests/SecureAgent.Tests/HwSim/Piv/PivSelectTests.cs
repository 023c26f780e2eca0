using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

/// <summary>Applications, classes, lengths and chaining.</summary>
public sealed class PivSelectTests
{
    // Yubico's SDK, users-manual/application-piv/apdu: a YubiKey 5 selected with opensc-tool.
    private const string SelectAnswer = "61114F0600001000010079074F05A000000308" + "9000";

    private readonly PivCard _card = new(new PivCardOptions());
    private readonly CardUser _user;

    public PivSelectTests() => _user = new CardUser(_card);

    [Theory]
    [InlineData("00A4040005A000000308")]
    [InlineData("00A4040009A00000030800001000")]
    [InlineData("00A404000BA000000308000010000100")]
    [InlineData("00A4040005A00000030800")] // with Le
    public void Whole_and_shortened_PIV_name_is_answered_as_a_YubiKey_does(string select) =>
        Assert.Equal(SelectAnswer, _user.Send(select));

    [Theory]
    [InlineData("5.4.3")]
    [InlineData("5.7.2")]
    public void Management_application_tells_version_serial_and_form_factor(string firmware)
    {
        PivCardOptions options = new() { Firmware = Version.Parse(firmware), Serial = 0x01020304 };
        CardUser user = new(new PivCard(options));
        byte[] name = user.Command(0xA4, 4, 0, Convert.FromHexString("A000000527471117"));
        Assert.Equal($"Virtual mgr - FW version {firmware}", System.Text.Encoding.ASCII.GetString(name));
        string version = "0" + firmware.Replace(".", "0", StringComparison.Ordinal);
        Assert.Equal(
            "23" + "01020010" + "020401020304" + "03020010" + "040101" + $"0503{version}" + "06020000" + "070100"
                + "080100" + "0A0100" + "9000",
            user.Send("001D000000"));
        Assert.Equal("6D00", user.Send("00FD000000"));
    }

    [Fact]
    public void Unknown_application_is_not_found_and_costs_what_was_verified()
    {
        _user.Select();
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        Assert.Equal("9000", _user.Send("0020008000"));
        Assert.Equal("6A82", _user.Send("00A4040006A00000030801"));
        Assert.Equal("63C3", _user.Send("0020008000"));
    }

    [Fact]
    public void Selecting_again_and_reset_forget_the_PIN()
    {
        _user.Select();
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        _user.Select();
        Assert.Equal("63C3", _user.Send("0020008000"));
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        _card.Reset();
        Assert.Equal("6D00", _user.Send("0020008000")); // nothing is selected
    }

    [Theory]
    [InlineData("00", "6700")]
    [InlineData("00FD00", "6700")]
    [InlineData("0020008008313233", "6700")]
    [InlineData("04FD0000", "6E00")]
    [InlineData("0CFD0000", "6E00")]
    [InlineData("00EE0000", "6D00")]
    [InlineData("00FD0000", "0507029000")]
    [InlineData("00FD000000", "0507029000")]
    [InlineData("00FD0000000000", "0507029000")]
    [InlineData("00F80000", "00BC614E9000")]
    public void Lengths_classes_and_instructions_are_checked(string command, string response)
    {
        _user.Select();
        Assert.Equal(response, _user.Send(command));
    }

    [Fact]
    public void Chained_command_is_put_together_and_a_broken_chain_forgotten()
    {
        _user.Select();
        Assert.Equal("9000", _user.Send("1020008003313233"));
        Assert.Equal("9000", _user.Send("0020008005343536FFFF"));
        Assert.Equal("9000", _user.Send("0020008000"));
        Assert.Equal("9000", _user.Send("1020008003313233"));
        Assert.Equal("6883", _user.Send("00FD0000"));
        Assert.Equal("0507029000", _user.Send("00FD0000"));
        Assert.Equal(4, _card.Count(0x20));
    }

    [Fact]
    public void Long_response_comes_in_pieces_to_a_short_command_and_whole_to_an_extended_one()
    {
        byte[] value = [.. Enumerable.Range(0, 600).Select(index => (byte)index)];
        _user.Manage();
        _user.Command(0xDB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xC1, 0x05, .. CardUser.Tlv(0x53, value)]);
        string first = _user.Send("00CB3FFF055C035FC10500");
        Assert.Equal(2 * 258, first.Length);
        Assert.EndsWith("6100", first, StringComparison.Ordinal);
        string second = _user.Send("00C0000000");
        Assert.EndsWith("615C", second, StringComparison.Ordinal);
        string third = _user.Send("00C000005C");
        string whole = _user.Send("00CB3FFF000005" + "5C035FC105" + "0000");
        Assert.Equal(first[..^4] + second[..^4] + third, whole);
        Assert.Equal([0x53, 0x82, 0x02, 0x58, .. value, 0x90, 0x00], Convert.FromHexString(whole));
        Assert.Equal("9000", _user.Send("00C0000000")); // nothing is left
    }

    [Fact]
    public void Answer_to_reset_is_a_YubiKeys() =>
        Assert.Equal("3BFD1300008131FE158073C021C057597562694B657940", Convert.ToHexString(_card.Atr.Span));
}
