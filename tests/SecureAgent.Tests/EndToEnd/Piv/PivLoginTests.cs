namespace SecureAgent.Tests.EndToEnd.Piv;

public sealed class PivLoginTests(PivWorlds worlds) : IClassFixture<PivWorlds>
{
    [Fact]
    public async Task Keys_that_Yubicos_programs_made_are_listed_without_configuration()
    {
        PivWorld world = await worlds.CardAsync();

        await world.ListedAsync("work (piv:12345678:9a)");
        await world.ListedAsync("piv:12345678:9c");
        await world.ListedAsync("piv:12345678:9e");
    }

    [Fact]
    public async Task The_PIN_is_asked_for_once_for_logins_signatures_and_commits()
    {
        SshdServer sshd = await worlds.SshdAsync();
        PivWorld world = await worlds.CardAsync();
        string key = await world.ListedAsync("work (piv:12345678:9a)");
        (await world.Client.SshAddAsync("-x")).Succeeded(); // forgets the PIN
        (await world.Client.SshAddAsync("-X")).Succeeded();
        int asked = world.Home.Askpass.Prompts.Count;

        await world.LoginAsync(sshd, key);
        await world.LoginAsync(sshd, key);
        await world.SignAsync(key);
        await world.CommitAsync(key);

        string prompt = Assert.Single(world.Home.Askpass.Prompts.Skip(asked));
        Assert.Contains("YubiKey 12345678", prompt);
        Assert.Equal(3, world.Card.PinTriesLeft);
    }

    [Fact]
    public async Task A_slot_that_always_wants_the_PIN_has_it_verified_for_each_signature()
    {
        SshdServer sshd = await worlds.SshdAsync();
        PivWorld world = await worlds.CardAsync();
        string key = await world.ListedAsync("piv:12345678:9c");

        await world.LoginAsync(sshd, key);
        int verified = world.Card.Count(Verify);
        await world.SignAsync(key);
        await world.CommitAsync(key);

        Assert.True(world.Card.Count(Verify) >= verified + 2);
    }

    [Fact]
    public async Task A_slot_without_PIN_asks_nobody()
    {
        SshdServer sshd = await worlds.SshdAsync();
        PivWorld world = await worlds.CardAsync();
        string key = await world.ListedAsync("piv:12345678:9e");
        int asked = world.Home.Askpass.Prompts.Count;

        await world.LoginAsync(sshd, key);
        await world.SignAsync(key);
        await world.CommitAsync(key);

        Assert.Equal(asked, world.Home.Askpass.Prompts.Count);
    }

    private const byte Verify = 0x20;
}
