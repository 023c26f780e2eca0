using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;
using PivTouch = SecureAgent.HwSim.Piv.PivTouch;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PivTouchTests
{
    [Theory]
    [InlineData(PivPinPolicy.Once)]
    [InlineData(PivPinPolicy.Always)]
    [InlineData(PivPinPolicy.Never)]
    public async Task Hint_shows_while_the_token_waits_and_goes_when_it_was_touched(PivPinPolicy pinPolicy)
    {
        await using PivBench bench = await StartAsync(
            new PivCardOptions { Touch = PivTouch.AfterControl }, PivTouchPolicy.Always, pinPolicy);
        bench.Person.OnTouch = () => Task.Run(() => Assert.True(bench.Card.Touch()));

        await bench.SignAsync();

        TouchPrompt hint = Assert.Single(bench.Person.Touches);
        Assert.Equal("piv:12345678:9a", hint.Who.KeyName);
        Assert.Equal("login as git to host key SHA256:x", hint.Who.Purpose);
        Assert.Equal(0, bench.Person.HintsShown);
    }

    [Theory]
    [InlineData(PivPinPolicy.Once)]
    [InlineData(PivPinPolicy.Always)]
    [InlineData(PivPinPolicy.Never)]
    public async Task Token_that_nobody_touches_is_said_and_costs_no_try(PivPinPolicy pinPolicy)
    {
        await using PivBench bench = await StartAsync(
            new PivCardOptions { Touch = PivTouch.Never, TouchTimeout = TimeSpan.FromMilliseconds(20) },
            PivTouchPolicy.Always, pinPolicy);

        BackendException error = await Assert.ThrowsAsync<BackendException>(() => bench.SignAsync());
        Assert.Contains("YubiKey 12345678 was not touched in time", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, bench.Card.PinTriesLeft);
        Assert.True(bench.Readers.PinsSent <= 2);
        Assert.Equal(0, bench.Person.HintsShown);
    }

    [Fact]
    public async Task No_hint_for_a_token_that_answers_before_it_is_due()
    {
        ManualTime time = new();
        await using PivBench bench = await StartAsync(
            new PivCardOptions(), PivTouchPolicy.Cached, PivPinPolicy.Never, time);
        await bench.SignAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(bench.Person.Touches);
    }

    private static async Task<PivBench> StartAsync(
        PivCardOptions options, PivTouchPolicy touchPolicy, PivPinPolicy pinPolicy, TimeProvider? time = null)
    {
        PivBench bench = PivBench.Start(options, time);
        bench.Generate(PivSlot.Authentication, PivAlgorithm.ED25519, pinPolicy, touchPolicy);
        await bench.ListAsync(PivBench.Pin);
        return bench;
    }
}
