using SecureAgent.HwSim;
using SecureAgent.HwSim.Piv;
using SecureAgent.Tests.HwSim.Piv;

namespace SecureAgent.Tests.HwSim;

public sealed class CardFaultsTests
{
    private const byte Verify = 0x20;
    private const byte GetVersion = 0xFD;

    private static readonly byte[] Version = Convert.FromHexString("00FD0000");

    private readonly PivCard _card = new(new PivCardOptions());
    private readonly CardFaults _faults;
    private readonly CardUser _user;

    public CardFaultsTests()
    {
        _faults = new CardFaults(_card);
        _user = new CardUser(_faults);
        _user.Select();
    }

    [Fact]
    public void Status_word_replaces_the_scripted_command_and_no_other()
    {
        _faults.Next(Verify, new CardFault.Answer(0x6F00), times: 2);
        Assert.Equal("0507029000", _user.Send("00FD0000"));
        Assert.Equal([0x6F00, 0x6F00, 0x9000], Enumerable.Range(0, 3).Select(_ => _user.Verify(CardUser.Pin)));
        Assert.Equal(1, _card.Count(Verify));
        Assert.Equal(0, _faults.Pending);
    }

    [Fact]
    public void Faults_meet_commands_in_the_order_of_scripting_and_can_be_forgotten()
    {
        _faults.Next(Verify, new CardFault.Answer(0x6F00));
        _faults.NextOfAny(new CardFault.Garbage(new byte[] { 1, 2, 3 }));
        Assert.Equal("010203", _user.Send("00FD0000"));
        Assert.Equal(0x6F00, _user.Verify(CardUser.Pin));
        _faults.NextOfAny(new CardFault.RemoveBefore());
        Assert.Equal(1, _faults.Pending);
        _faults.Clear();
        Assert.Equal("0507029000", _user.Send("00FD0000"));
    }

    [Fact]
    public void Pulled_card_has_executed_the_command_or_not()
    {
        _faults.Next(Verify, new CardFault.RemoveBefore());
        Assert.Throws<DeviceDroppedException>(() => _user.Verify("000000"));
        Assert.Equal(3, _card.PinTriesLeft);
        _faults.Next(Verify, new CardFault.RemoveAfter());
        Assert.Throws<DeviceDroppedException>(() => _user.Verify("000000"));
        Assert.Equal(2, _card.PinTriesLeft);
        _faults.Next(GetVersion, new CardFault.HalfResponse());
        DeviceDroppedException half = Assert.Throws<DeviceDroppedException>(() => _faults.Transmit(Version));
        Assert.Equal([5, 7], half.Sent.ToArray());
        Assert.Equal(5, half.ResponseLength);
    }

    [Fact]
    public void Reset_costs_what_was_selected()
    {
        _faults.Next(GetVersion, new CardFault.Reset());
        Assert.Equal("6D00", _user.Send("00FD0000"));
    }

    [Fact]
    public void Touch_that_does_not_come_executes_nothing()
    {
        _faults.Next(Verify, new CardFault.NoTouch(TimeSpan.FromMilliseconds(1)));
        Assert.Equal(0x6982, _user.Verify(CardUser.Pin));
        Assert.Equal(0, _card.Count(Verify));
    }

    [Fact]
    public async Task Held_command_waits_for_its_release_and_a_delayed_one_is_executed()
    {
        TaskCompletionSource release = new();
        _faults.Next(Verify, new CardFault.Hold(release.Task));
        Task<int> held = Task.Run(() => _user.Verify(CardUser.Pin), TestContext.Current.CancellationToken);
        Assert.Equal("0507029000", _user.Send("00FD0000"));
        Assert.False(held.IsCompleted);
        release.SetResult();
        Assert.Equal(0x9000, await held);
        _faults.NextOfAny(new CardFault.Delay(TimeSpan.FromMilliseconds(1)));
        Assert.Equal("0507029000", _user.Send("00FD0000"));
    }
}
