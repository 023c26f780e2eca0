using System.Text;

namespace SecureAgent.Tests.EndToEnd.Piv;

public sealed class TokenSecretTests(SharedTokens shared) : IClassFixture<SharedTokens>
{
    private const string Pin = "pN7#kq2x";
    private const string Puk = "uK4!zw8y";
    private const string ManagementKey = "a1b2c3d4e5f60718a1b2c3d4e5f60718293a4b5c6d7e8f90";

    [Fact]
    public async Task No_command_and_no_log_shows_a_PIN_PUK_or_management_key()
    {
        PivWorld world = await shared.NewOlderCardAsync();
        await world.YkmanAsync(
            "piv", "access", "change-management-key", "-m", PivWorld.ManagementKey, "-n", ManagementKey);
        StringBuilder said = new();
        foreach ((string[] answers, string[] command) in new (string[], string[])[]
        {
            ([Pin, Pin], ["token", "set-pin"]),
            ([Puk, Puk], ["token", "set-puk"]),
            ([Pin, ManagementKey], ["key", "new", "work", "--in", "piv"]),
            ([Puk, Pin, Pin], ["token", "unblock"]),
            ([Pin, ManagementKey], ["token", "set-tries", "4", "4"]),
            ([], ["token", "info"]),
            ([], ["status", "--json"]),
            ([Pin, ManagementKey], ["token", "set-management-key"]),
        })
        {
            world.Home.Askpass.AnswerFirst(answers);
            Ran ran = (await world.RunAsync([.. command, "--verbose"])).Succeeded();
            said.Append(ran.Output).Append(ran.Error);
        }

        string key = await world.ListedAsync("work (piv:12345678:9a)");
        world.Home.Askpass.AnswerFirst(Pin);
        await world.SignAsync(key);
        said.Append(world.Agent.Log).Append(string.Concat(world.Home.Askpass.Prompts));
        foreach (string file in Directory.EnumerateFiles(world.Home.Root, "*.jsonl", SearchOption.AllDirectories))
        {
            said.Append(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        }

        string all = said.ToString();
        Assert.Contains("piv:12345678:9a", all);
        foreach (byte[] secret in new[]
        {
            Encoding.UTF8.GetBytes(Pin), Encoding.UTF8.GetBytes(Puk), Convert.FromHexString(ManagementKey),
        })
        {
            Assert.DoesNotContain(Encoding.UTF8.GetString(secret), all);
            Assert.DoesNotContain(Convert.ToHexString(secret), all, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToHexString(secret[..6]), all, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToBase64String(secret)[..8], all);
        }
    }
}
