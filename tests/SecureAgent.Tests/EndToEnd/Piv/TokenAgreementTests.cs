namespace SecureAgent.Tests.EndToEnd.Piv;

/// <summary>Yubico's ykman and this program on one token: each understands what the other did.</summary>
public sealed class TokenAgreementTests(SharedTokens shared) : IClassFixture<SharedTokens>
{
    [Fact]
    public async Task Ykman_shows_the_key_and_certificate_that_key_new_made()
    {
        PivWorld world = await shared.NewOlderCardAsync();
        (await world.RunAsync("key", "new", "work", "--in", "piv", "--type", "ecdsa-384")).Succeeded();

        Ran info = await world.YkmanAsync("piv", "info");
        string slot = info.Output[info.Output.IndexOf("Slot 9A", StringComparison.OrdinalIgnoreCase)..];
        Assert.Contains("ECCP384", slot);
        Assert.Contains("CN=work", slot);
        string certificate = (await world.YkmanAsync("piv", "certificates", "export", "9a", "-")).Output;
        string file = world.Home.Write("tmp/work.pem", certificate);
        await world.ToolAsync("openssl", "verify", "-CAfile", file, file);
    }

    [Theory]
    [InlineData("libykcs11.so", "ykcs11")]
    [InlineData("opensc-pkcs11.so", "opensc-pkcs11")]
    public async Task PKCS11_modules_give_ssh_the_key_that_key_new_made(string module, string package)
    {
        string path = $"/usr/lib/x86_64-linux-gnu/{module}";
        Requires.File(path, package);
        PivWorld world = await shared.NewOlderCardAsync();
        (await world.RunAsync("key", "new", "work", "--in", "piv")).Succeeded();

        Ran listed = await world.ToolAsync("ssh-keygen", "-D", path);

        string[] line = File.ReadAllText(Path.Combine(world.Home.KeyDirectory, "work.pub")).Split(' ');
        Assert.Contains($"{line[0]} {line[1]}", listed.Output);
    }

    [Fact]
    public async Task Ykman_uses_the_management_key_that_this_program_stored_behind_the_PIN()
    {
        PivWorld world = await shared.NewOlderCardAsync();
        (await world.RunAsync("token", "set-management-key")).Succeeded();

        Assert.Contains("protected by PIN", (await world.YkmanAsync("piv", "info")).Output);
        await world.YkmanAsync("piv", "keys", "generate", "-P", PivWorld.Pin, "-a", "ECCP256", "9d", "-");
    }

    [Fact]
    public async Task This_program_uses_the_management_key_that_ykman_stored_behind_the_PIN()
    {
        PivWorld world = await shared.NewOlderCardAsync();
        await world.YkmanAsync(
            "piv", "access", "change-management-key", "--protect", "--generate", "-m", PivWorld.ManagementKey, "-P",
            PivWorld.Pin);
        int asked = world.Home.Askpass.Prompts.Count;

        (await world.RunAsync("key", "new", "work", "--in", "piv")).Succeeded();

        Assert.DoesNotContain(world.Home.Askpass.Prompts.Skip(asked), prompt => prompt.Contains("Management key of"));
    }

    [Fact]
    public async Task A_management_key_that_only_the_person_knows_is_asked_for()
    {
        const string Own = "a1b2c3d4e5f60718a1b2c3d4e5f60718293a4b5c6d7e8f90";
        PivWorld world = await shared.NewOlderCardAsync();
        await world.YkmanAsync("piv", "access", "change-management-key", "-m", PivWorld.ManagementKey, "-n", Own);
        string[] arguments = ["key", "new", "work", "--in", "piv", "--pin-policy", "never"];

        // The first answer is no, to the offer to replace PIN and PUK.
        world.Home.Askpass.AnswerFirst("", "0000");
        (await world.RunAsync(arguments)).ExitedWith(77);
        world.Home.Askpass.AnswerFirst("", Own);
        (await world.RunAsync(arguments)).Succeeded();
    }
}
