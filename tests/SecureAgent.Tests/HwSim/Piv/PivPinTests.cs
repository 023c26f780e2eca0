using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class PivPinTests
{
    private readonly PivCard _card = new(new PivCardOptions());
    private readonly CardUser _user;

    public PivPinTests()
    {
        _user = new CardUser(_card);
        _user.Select();
    }

    [Fact]
    public void Wrong_PIN_counts_down_to_blocked_and_then_the_right_one_does_not_help()
    {
        Assert.Equal("63C3", _user.Send("0020008000"));
        Assert.Equal(0x63C2, _user.Verify("000000"));
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        Assert.Equal(3, _card.PinTriesLeft);
        Assert.Equal([0x63C2, 0x63C1, 0x63C0, 0x6983], Enumerable.Range(0, 4).Select(_ => _user.Verify("000000")));
        Assert.Equal(0x6983, _user.Verify(CardUser.Pin));
        Assert.Equal("6983", _user.Send("0020008000"));
        Assert.Equal(0, _card.PinTriesLeft);
    }

    [Fact]
    public void Wrong_PIN_takes_back_that_the_right_one_was_verified()
    {
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        Assert.Equal(0x63C2, _user.Verify("000000"));
        Assert.Equal("63C2", _user.Send("0020008000"));
    }

    [Fact]
    public void Logging_out_forgets_the_PIN_and_costs_no_try()
    {
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        Assert.Equal("9000", _user.Send("0020FF8000"));
        Assert.Equal("63C3", _user.Send("0020008000"));
    }

    [Fact]
    public void What_is_no_PIN_costs_no_try()
    {
        Assert.Equal("6A80", _user.Send("0020008006313233343536"));
        Assert.Equal("6A88", _user.Send("0020000008313233343536FFFF"));
        Assert.Equal("6A86", _user.Send("0020018008313233343536FFFF"));
        Assert.Equal(3, _card.PinTriesLeft);
    }

    [Fact]
    public void PIN_and_PUK_are_changed_by_who_knows_them()
    {
        Assert.Equal(0x63C2, Change(0x24, 0x80, "000000", "654321"));
        Assert.Equal(0x9000, Change(0x24, 0x80, CardUser.Pin, "654321"));
        Assert.Equal(0x9000, _user.Verify("654321"));
        Assert.Equal(0x9000, Change(0x24, 0x81, CardUser.Puk, "87654321"));
        Assert.Equal(0x63C2, Change(0x24, 0x81, CardUser.Puk, "11111111"));
        Assert.Equal(2, _card.PukTriesLeft);
        Assert.Equal(0x9000, Change(0x24, 0x81, "87654321", CardUser.Puk));
        Assert.Equal(0x6A80, Change(0x24, 0x80, "654321", "12345")); // too short
        Assert.Equal(0x9000, _user.Verify("654321"));
    }

    [Fact]
    public void PUK_unblocks_the_PIN_until_it_is_blocked_itself()
    {
        Assert.Equal([0x63C2, 0x63C1, 0x63C0], Enumerable.Range(0, 3).Select(_ => _user.Verify("000000")));
        Assert.Equal(0x6983, Change(0x24, 0x80, CardUser.Pin, "654321"));
        Assert.Equal(0x63C2, Change(0x2C, 0x80, "00000000", "654321"));
        Assert.Equal(0x9000, Change(0x2C, 0x80, CardUser.Puk, "654321"));
        Assert.Equal(0x9000, _user.Verify("654321"));
        int[] blocking = [.. Enumerable.Range(0, 4).Select(_ => Change(0x2C, 0x80, "00000000", "654321"))];
        Assert.Equal([0x63C2, 0x63C1, 0x63C0, 0x6983], blocking);
        Assert.Equal(0x6983, Change(0x2C, 0x80, CardUser.Puk, "654321"));
    }

    [Fact]
    public void Number_of_tries_is_set_with_management_key_and_PIN_and_gives_both_their_first_values()
    {
        _user.Manage();
        Assert.Equal("6982", _user.Send("00FA0504"));
        Assert.Equal(0x9000, Change(0x24, 0x80, CardUser.Pin, "654321"));
        Assert.Equal(0x9000, _user.Verify("654321"));
        Assert.Equal("6A80", _user.Send("00FA0004"));
        Assert.Equal("9000", _user.Send("00FA1404"));
        Assert.Equal((20, 4), (_card.PinTriesLeft, _card.PukTriesLeft));
        Assert.Equal(0x63CF, _user.Verify("654321")); // 19 are left; four bits tell 15
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        _user.Select();
        _user.Verify(CardUser.Pin);
        Assert.Equal("6982", _user.Send("00FA0504")); // no management key
    }

    [Fact]
    public void Reset_is_refused_until_PIN_and_PUK_are_blocked_and_leaves_a_new_card_with_its_attestation_key()
    {
        _user.Manage();
        _user.Generate(0x9A, 0x11);
        byte[] attestation = _user.Command(0xCB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xFF, 0x01]);
        _user.Command(0xDB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xC1, 0x02, 0x53, 1, 7]);
        _user.Command(0xFF, 0xFF, 0xFF, [0x08, 0x9B, 16, .. new byte[16]]);
        Assert.Equal(0x9000, Change(0x24, 0x80, CardUser.Pin, "654321"));
        Assert.Equal("6985", _user.Send("00FB0000"));
        Assert.Equal([0x63C2, 0x63C1, 0x63C0], Enumerable.Range(0, 3).Select(_ => _user.Verify("000000")));
        Assert.Equal("6985", _user.Send("00FB0000"));
        int[] blocking = [.. Enumerable.Range(0, 3).Select(_ => Change(0x2C, 0x80, "00000000", "654321"))];
        Assert.Equal([0x63C2, 0x63C1, 0x63C0], blocking);
        Assert.Equal("9000", _user.Send("00FB0000"));
        Assert.Equal(0x9000, _user.Verify(CardUser.Pin));
        Assert.Equal("6A88", _user.Send("00F7009A"));
        Assert.Equal("6A82", _user.Send("00CB3FFF055C035FC102"));
        Assert.Equal(attestation, _user.Command(0xCB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xFF, 0x01]));
        _user.Manage();
    }

    private int Change(byte ins, byte reference, string known, string replaced) =>
        _user.TryCommand(ins, 0, reference, [.. CardUser.Padded(known), .. CardUser.Padded(replaced)]).Status;
}
