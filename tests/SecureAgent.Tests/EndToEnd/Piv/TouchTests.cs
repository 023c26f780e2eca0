using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.EndToEnd.Piv;

public sealed class TouchTests
{
    [Fact]
    public async Task A_touch_is_asked_for_with_the_key_and_what_it_is_for()
    {
        await using SshdServer sshd = await StartSshdAsync();
        await using PivWorld world = await StartAsync();
        await world.StartAgentAsync();
        string key = await world.ListedAsync("door (piv:12345678:9a)");
        int asked = world.Home.Askpass.Prompts.Count;

        Task login = world.LoginAsync(sshd, key);
        await world.Home.Askpass.AskedAsync(asked + 1);
        Assert.True(world.Card.Touch());
        await login;

        string hint = Assert.Single(world.Home.Askpass.Prompts.Skip(asked));
        Assert.Contains("Touch", hint);
        Assert.Contains("door (piv:12345678:9a)", hint);
        Assert.Contains("login", hint);
    }

    [Fact]
    public async Task A_touch_that_nobody_can_be_asked_for_signs_all_the_same()
    {
        await using SshdServer sshd = await StartSshdAsync();
        await using PivWorld world = await StartAsync();
        await world.StartAgentAsync(world.Home.WithoutAskpass());
        string key = await world.ListedAsync("door (piv:12345678:9a)");
        // Slower than the hint, which would have come meanwhile.
        world.Card.TouchWanted += (_, _) => _ = Task.Delay(600).ContinueWith(_ => world.Card.Touch());

        await world.LoginAsync(sshd, key);
        await world.LoginAsync(sshd, key);
    }

    private static async Task<SshdServer> StartSshdAsync()
    {
        Needs.LinuxWith("ssh", "sshd");
        return await SshdServer.StartAsync();
    }

    private static async Task<PivWorld> StartAsync()
    {
        PivWorld world = await PivWorld.StartAsync(new PivCardOptions { Touch = PivTouch.AfterControl });
        EventHandler touch = (_, _) => _ = Task.Run(() => world.Card.Touch());
        world.Card.TouchWanted += touch;
        (await world.RunAsync("key", "new", "door", "--in", "piv", "--touch", "always", "--pin-policy", "never")).Succeeded();
        world.Card.TouchWanted -= touch;
        return world;
    }
}
