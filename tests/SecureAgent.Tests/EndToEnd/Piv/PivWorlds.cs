using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.EndToEnd.Piv;

/// <summary>What the tests of one class share: one card with keys that Yubico's programs made, its agent, and one
/// sshd. Started when first asked for, because a fixture that skips fails its class.</summary>
public sealed class PivWorlds : IAsyncDisposable
{
    private readonly Lazy<Task<PivWorld>> _card = new(StartAsync);
    private readonly Lazy<Task<SshdServer>> _sshd = new(() => SshdServer.StartAsync());

    public async ValueTask DisposeAsync()
    {
        if (_card.IsValueCreated && _card.Value.IsCompletedSuccessfully)
        {
            await (await _card.Value).DisposeAsync();
        }

        if (_sshd.IsValueCreated && _sshd.Value.IsCompletedSuccessfully)
        {
            await (await _sshd.Value).DisposeAsync();
        }
    }

    /// <summary>A card with a P-256 key in 9a (PIN once) with a certificate by ykman; and a P-384 key in 9c (PIN always)
    /// and an RSA-2048 key in 9e (no PIN) without one by yubico-piv-tool.</summary>
    internal Task<PivWorld> CardAsync()
    {
        Requires.Tool("ykman");
        Requires.Tool("yubico-piv-tool");
        return _card.Value;
    }

    /// <summary>The shared sshd; each test says anew who may log in.</summary>
    internal Task<SshdServer> SshdAsync()
    {
        Needs.LinuxWith("ssh", "sshd");
        return _sshd.Value;
    }

    private static async Task<PivWorld> StartAsync()
    {
        // yubico-piv-tool 2.2 knows no AES management keys, which 5.7 has.
        PivWorld world = await PivWorld.StartAsync(new PivCardOptions { Firmware = PivCardOptions.Firmware543 });
        try
        {
            string file = world.Home.File("tmp/9a.pem");
            await world.YkmanAsync("piv", "keys", "generate", "-m", PivWorld.ManagementKey, "-a", "ECCP256", "9a", file);
            await world.YkmanAsync(
                "piv", "certificates", "generate", "-m", PivWorld.ManagementKey, "-P", PivWorld.Pin, "-s", "work", "9a",
                file);
            await world.ToolAsync("yubico-piv-tool", "-a", "generate", "-s", "9c", "-A", "ECCP384");
            await world.ToolAsync("yubico-piv-tool", "-a", "generate", "-s", "9e", "-A", "RSA2048");
            await world.StartAgentAsync();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }
}
