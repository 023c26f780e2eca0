using System.Diagnostics;
using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

/// <summary>When a key needs the PIN and a touch.</summary>
public sealed class PivPolicyTests
{
    private const byte Ed25519 = 0xE0;
    private const byte Never = 1;
    private const byte Once = 2;
    private const byte Always = 3;
    private const byte TouchAlways = 2;
    private const byte TouchCached = 3;

    private static readonly byte[] Message = "to be signed"u8.ToArray();

    [Theory]
    [InlineData(0x9A, 0, Once)]
    [InlineData(0x9C, 0, Always)]
    [InlineData(0x9D, 0, Once)]
    [InlineData(0x9E, 0, Never)]
    [InlineData(0x82, 0, Once)]
    [InlineData(0x9C, Once, Once)]
    [InlineData(0x9E, Always, Always)]
    public void Key_needs_the_PIN_as_its_policy_or_its_slot_says(byte slot, byte policy, byte effective)
    {
        CardUser user = Card(new PivCardOptions(), out _);
        user.Generate(slot, Ed25519, policy);
        Assert.Contains($"0202{effective:X2}01", user.Send($"00F700{slot:X2}"), StringComparison.Ordinal);
        Assert.Equal(effective == Never ? 0x9000 : 0x6982, user.Sign(slot, Ed25519, Message).Status);
        Assert.Equal(0x9000, user.Verify(CardUser.Pin));
        Assert.Equal(0x9000, user.Sign(slot, Ed25519, Message).Status);
        Assert.Equal(effective == Always ? 0x6982 : 0x9000, user.Sign(slot, Ed25519, Message).Status);
        Assert.Equal(0x9000, user.Verify(CardUser.Pin));
        Assert.Equal(0x9000, user.Sign(slot, Ed25519, Message).Status);
    }

    [Theory]
    [InlineData("00FD0000")]
    [InlineData("00F7009C")]
    [InlineData("00CB3FFF055C035FC102")]
    [InlineData("0020008000")]
    public void PIN_always_means_that_no_command_comes_between_PIN_and_signature(string between)
    {
        CardUser user = Card(new PivCardOptions(), out _);
        user.Generate(0x9C, Ed25519);
        user.Generate(0x9A, Ed25519);
        Assert.Equal(0x9000, user.Verify(CardUser.Pin));
        user.Send(between);
        Assert.Equal(0x6982, user.Sign(0x9C, Ed25519, Message).Status);
        Assert.Equal(0x9000, user.Sign(0x9A, Ed25519, Message).Status);
    }

    [Fact]
    public void Touch_by_control_lets_the_waiting_command_go_on()
    {
        CardUser user = Card(new PivCardOptions { Touch = PivTouch.AfterControl }, out PivCard card);
        user.Generate(0x9E, Ed25519, touchPolicy: TouchAlways);
        Assert.False(card.Touch()); // nothing waits, so nothing is remembered
        int wanted = 0;
        card.TouchWanted += (_, _) =>
        {
            wanted++;
            Assert.True(card.IsWaitingForTouch);
            Assert.True(card.Touch());
        };
        Assert.Equal(0x9000, user.Sign(0x9E, Ed25519, Message).Status);
        Assert.Equal(0x9000, user.Sign(0x9E, Ed25519, Message).Status);
        Assert.Equal(2, wanted);
        Assert.False(card.IsWaitingForTouch);
    }

    [Fact]
    public void Nobody_touching_ends_in_6982_after_the_time_that_is_set()
    {
        PivCardOptions options = new() { Touch = PivTouch.Never, TouchTimeout = TimeSpan.FromMilliseconds(100) };
        CardUser user = Card(options, out PivCard card);
        user.Generate(0x9E, Ed25519, touchPolicy: TouchAlways);
        card.TouchWanted += (_, _) => Assert.False(card.Touch());
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Equal(0x6982, user.Sign(0x9E, Ed25519, Message).Status);
        Assert.True(watch.Elapsed >= options.TouchTimeout / 2); // the two clocks tick apart
    }

    [Fact]
    public void Cached_touch_is_good_for_15_seconds_for_keys_that_take_it()
    {
        Clock clock = new();
        PivCardOptions options = new()
        {
            Touch = PivTouch.AfterControl, TouchTimeout = TimeSpan.FromMilliseconds(1), Time = clock,
        };
        CardUser user = Card(options, out PivCard card);
        user.Generate(0x9E, Ed25519, touchPolicy: TouchCached);
        user.Generate(0x82, Ed25519, Never, TouchAlways);
        bool isThere = true;
        card.TouchWanted += (_, _) => _ = isThere && card.Touch();
        Assert.Equal(0x9000, user.Sign(0x9E, Ed25519, Message).Status);
        isThere = false;
        clock.Now += TimeSpan.FromSeconds(14);
        Assert.Equal(0x9000, user.Sign(0x9E, Ed25519, Message).Status);
        Assert.Equal(0x6982, user.Sign(0x82, Ed25519, Message).Status);
        clock.Now += TimeSpan.FromSeconds(2);
        Assert.Equal(0x6982, user.Sign(0x9E, Ed25519, Message).Status);
        isThere = true;
        Assert.Equal(0x9000, user.Sign(0x9E, Ed25519, Message).Status);
        isThere = false;
        card.Reset();
        user.Select();
        Assert.Equal(0x6982, user.Sign(0x9E, Ed25519, Message).Status);
    }

    [Fact]
    public async Task Losing_power_ends_the_wait_for_a_touch()
    {
        PivCardOptions options = new() { Touch = PivTouch.AfterControl, TouchTimeout = TimeSpan.FromMinutes(5) };
        CardUser user = Card(options, out PivCard card);
        user.Generate(0x9E, Ed25519, touchPolicy: TouchAlways);
        TaskCompletionSource waiting = new();
        card.TouchWanted += (_, _) => waiting.SetResult();
        Task<(byte[], int Status)> signing =
            Task.Run(() => user.Sign(0x9E, Ed25519, Message), TestContext.Current.CancellationToken);
        await waiting.Task.WaitAsync(TestContext.Current.CancellationToken);
        card.Reset();
        Assert.Equal(0x6982, (await signing).Status);
    }

    [Fact]
    public void Management_key_can_need_a_touch()
    {
        CardUser user = Card(new PivCardOptions { Touch = PivTouch.AfterControl }, out PivCard card);
        user.Command(0xFF, 0xFF, 0xFE, [0x0A, 0x9B, 24, .. CardUser.DefaultManagementKey]);
        Assert.Equal("01010A020200020501019000", user.Send("00F7009B"));
        int wanted = 0;
        card.TouchWanted += (_, _) =>
        {
            wanted++;
            card.Touch();
        };
        user.Manage();
        Assert.Equal(1, wanted);
    }

    private static CardUser Card(PivCardOptions options, out PivCard card)
    {
        card = new PivCard(options);
        CardUser user = new(card);
        user.Manage();
        return user;
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
