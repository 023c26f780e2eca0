using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace SecureAgent.Tests.EndToEnd.Piv;

public sealed class TokenTests(SharedTokens shared) : IClassFixture<SharedTokens>
{
    private const int Refused = 1;
    private const int Usage = 64;
    private const int Absent = 69;
    private const int Denied = 77;

    [Theory]
    [InlineData("ecdsa-256", "9a")]
    [InlineData("ecdsa-384", "9c")]
    [InlineData("ed25519", "9d")]
    [InlineData("rsa-2048", "82")]
    [InlineData("rsa-4096", "83")]
    public async Task A_key_of_each_type_is_made_logs_in_and_signs(string type, string slot)
    {
        SshdServer sshd = await shared.SshdAsync();
        PivWorld world = await shared.NewCardAsync();
        Ran made = await world.RunAsync("key", "new", "work", "--in", "piv", "--type", type, "--slot", slot);

        string file = Path.Combine(world.Home.KeyDirectory, "work.pub");
        Assert.StartsWith($"work: {type} SHA256:", made.Succeeded().Output);
        Assert.Contains(file, made.Output);
        Assert.Contains("authorized_keys", made.Error);
        Assert.Equal(
            File.ReadAllText(file), (await world.RunAsync("pub", $"piv:12345678:{slot}")).Succeeded().Output);
        await world.ListedAsync($"work (piv:12345678:{slot})");
        await world.LoginAsync(sshd, file);
        await world.SignAsync(file);
        await world.CommitAsync(file);
    }

    [Fact]
    public async Task A_slot_that_is_taken_is_overwritten_only_by_force()
    {
        PivWorld world = await shared.NewCardAsync();
        (await world.RunAsync("key", "new", "work", "--in", "piv")).Succeeded();

        Ran refused = (await world.RunAsync("key", "new", "other", "--in", "piv")).ExitedWith(Refused);
        Assert.Contains("work (piv:12345678:9a)", refused.Error);
        Assert.Contains("--slot 9c", refused.Error);
        (await world.RunAsync("key", "new", "other", "--in", "piv:12345678", "--force")).Succeeded();

        Assert.Contains("other", (await world.RunAsync("key", "list")).Succeeded().Output);
    }

    [Fact]
    public async Task A_key_of_ssh_keygen_is_imported_and_removed()
    {
        PivWorld world = await shared.NewCardAsync();
        string file = world.Home.File("tmp/imported");
        File.Delete(file);
        await world.ToolAsync("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", file);
        (await world.RunAsync("key", "import", "old", file, "--in", "piv", "--pin-policy", "never")).Succeeded();

        JsonElement shown = JsonDocument.Parse(
            (await world.RunAsync("key", "show", "old", "--json")).Succeeded().Output).RootElement;
        Assert.Equal("piv", shown.GetProperty("in").GetString());
        Assert.Equal("imported", shown.GetProperty("origin").GetString());
        Assert.Equal("never", shown.GetProperty("pinPolicy").GetString());
        string[] line = File.ReadAllText(file + ".pub").Split(' ');
        string[] written = File.ReadAllText(Path.Combine(world.Home.KeyDirectory, "old.pub")).Split(' ');
        Assert.Equal(line[1], written[1]);

        (await world.RunAsync("key", "remove", "old", "--yes")).Succeeded();
        Assert.False(File.Exists(Path.Combine(world.Home.KeyDirectory, "old.pub")));
        (await world.RunAsync("key", "show", "piv:12345678:9a")).ExitedWith(Absent);
    }

    [Fact]
    public async Task Older_firmware_says_that_the_key_stays_when_it_is_removed()
    {
        PivWorld world = await shared.NewOlderCardAsync();
        (await world.RunAsync("key", "new", "work", "--in", "piv")).Succeeded();

        Ran removed = (await world.RunAsync("key", "remove", "work", "--yes")).Succeeded();

        Assert.Contains("stays until another one overwrites it", removed.Error);
    }

    [Fact]
    public async Task The_defaults_of_a_new_token_are_replaced_if_the_person_wants_it()
    {
        PivWorld world = await shared.NewCardAsync();
        world.Home.Askpass.AnswerFirst("yes", "654321", "654321", "87654321", "87654321");

        Ran made = (await world.RunAsync("key", "new", "work", "--in", "piv")).Succeeded();

        Assert.Contains("Replaced on YubiKey 12345678: PIN, PUK and management key", made.Error);
        JsonElement info = await InfoAsync(world);
        Assert.False(info.GetProperty("pinIsDefault").GetBoolean());
        Assert.False(info.GetProperty("pukIsDefault").GetBoolean());
        Assert.False(info.GetProperty("managementKeyIsDefault").GetBoolean());
        Assert.True(info.GetProperty("managementKeyIsStored").GetBoolean());
    }

    [Fact]
    public async Task The_defaults_of_a_new_token_are_told_where_nobody_can_be_asked()
    {
        PivWorld world = await shared.NewCardAsync();

        Ran made = await SecureAgentProgram.RunAsync(
            world.Home.WithoutAskpass(), "key", "new", "work", "--in", "piv");

        Assert.Single(made.Succeeded().Error.Split('\n'), line => line.Contains("token set-pin"));
    }

    [Fact]
    public async Task PIN_and_PUK_are_changed_and_a_blocked_PIN_is_set_anew()
    {
        PivWorld world = await shared.NewCardAsync();
        world.Home.Askpass.AnswerFirst("654321", "654321");
        (await world.RunAsync("token", "set-pin")).Succeeded();
        world.Home.Askpass.AnswerFirst("87654321", "87654321");
        (await world.RunAsync("token", "set-puk")).Succeeded();

        for (int left = 2; left >= 0; left--)
        {
            world.Home.Askpass.AnswerFirst("999999", "111111", "111111");
            Ran wrong = (await world.RunAsync("token", "set-pin")).ExitedWith(Denied);
            Assert.Contains(left == 0 ? "blocked" : $"{left} more", wrong.Error);
        }

        world.Home.Askpass.AnswerFirst("111111", "111111");
        Assert.Contains(
            "token unblock", (await world.RunAsync("token", "set-pin")).ExitedWith(Denied).Error);
        world.Home.Askpass.AnswerFirst("87654321", "222222", "222222");
        (await world.RunAsync("token", "unblock")).Succeeded();
        Assert.Equal(3, (await InfoAsync(world)).GetProperty("pinTriesLeft").GetInt32());
    }

    [Fact]
    public async Task The_number_of_tries_is_set_and_the_PIN_stays()
    {
        PivWorld world = await shared.NewCardAsync();
        world.Home.Askpass.AnswerFirst("654321", "654321");
        (await world.RunAsync("token", "set-pin")).Succeeded();

        world.Home.Askpass.AnswerFirst("654321");
        (await world.RunAsync("token", "set-tries", "5", "7")).Succeeded();

        JsonElement info = await InfoAsync(world);
        Assert.Equal(5, info.GetProperty("pinTriesLeft").GetInt32());
        Assert.Equal(7, info.GetProperty("pukTriesLeft").GetInt32());
        Assert.False(info.GetProperty("pinIsDefault").GetBoolean());
    }

    [Fact]
    public async Task A_token_is_emptied_after_a_yes_only()
    {
        PivWorld world = await shared.NewCardAsync();
        (await world.RunAsync("key", "new", "work", "--in", "piv")).Succeeded();

        Ran refused = await SecureAgentProgram.RunAsync(world.Home.WithoutAskpass(), "token", "reset");
        Assert.Contains("--yes", refused.ExitedWith(Refused).Error);
        Assert.Single((await InfoAsync(world)).GetProperty("keys").EnumerateArray());
        (await world.RunAsync("token", "reset", "--token", "12345678", "--yes")).Succeeded();

        Assert.Empty((await InfoAsync(world)).GetProperty("keys").EnumerateArray());
    }

    [Fact]
    public async Task Status_shows_the_token_and_what_is_weak_about_it()
    {
        PivWorld world = await shared.NewOlderCardAsync();
        (await world.RunAsync("key", "new", "work", "--in", "piv")).Succeeded();

        Ran status = (await world.RunAsync("status")).Succeeded();

        Assert.Contains("piv: YubiKey 12345678, firmware 5.4.3, 1 key; takes 3 more wrong PINs", status.Output);
        Assert.Contains("ysa-2024-03", status.Output);
        Assert.Equal(3, world.Card.PinTriesLeft);
    }

    [Fact]
    public async Task An_attestation_leads_to_its_root_and_to_no_other()
    {
        PivWorld world = await shared.NewCardAsync();
        await world.RunAsync("key", "new", "work", "--in", "piv", "--touch", "cached");
        string root = world.Home.Write(
            "tmp/root.pem", PemEncoding.WriteString("CERTIFICATE", world.Card.AttestationRoot.Span));
        string file = world.Home.File("tmp/attestation.pem");
        (await world.RunAsync("attest", "work", "--out", file)).Succeeded();

        JsonElement statement = JsonDocument.Parse(
            (await world.RunAsync("attest", "verify", file, "--root", root, "--json")).Succeeded().Output).RootElement;
        Ran ofYubico = await world.YkmanAsync("piv", "keys", "attest", "9a", "-");

        Assert.Equal("12345678", statement.GetProperty("serial").GetString());
        Assert.Equal("5.7.2", statement.GetProperty("firmware").GetString());
        Assert.Equal("9a", statement.GetProperty("slot").GetString());
        Assert.Equal("once", statement.GetProperty("pinPolicy").GetString());
        Assert.Equal("cached", statement.GetProperty("touchPolicy").GetString());
        string fingerprint = statement.GetProperty("fingerprint").GetString()!;
        Assert.Contains(fingerprint, (await world.RunAsync("key", "show", "work")).Output);

        // The chain that openssl accepts, and only that.
        string leaf = world.Home.Write("tmp/leaf.pem", ofYubico.Output);
        await world.ToolAsync("openssl", "verify", "-CAfile", root, "-untrusted", file, leaf);
        using X509Certificate2 rootCertificate =
            X509CertificateLoader.LoadCertificate(world.Card.AttestationRoot.Span);
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new(
            rootCertificate.SubjectName, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 impostor = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string other = world.Home.Write("tmp/other.pem", impostor.ExportCertificatePem());
        Ran refused = (await world.RunAsync("attest", "verify", file, "--root", other)).ExitedWith(Refused);
        Assert.Contains("does not lead to a root", refused.Error);

        // Newer tokens do not carry every certificate between them and the root: the others come with that.
        const string End = "-----END CERTIFICATE-----\n";
        string text = File.ReadAllText(file);
        int middle = text.IndexOf(End, StringComparison.Ordinal) + End.Length;
        string alone = world.Home.Write("tmp/alone.pem", text[..middle]);
        (await world.RunAsync("attest", "verify", alone, "--root", root)).ExitedWith(Refused);
        string bundle = world.Home.Write("tmp/bundle.pem", File.ReadAllText(root) + "\n" + text[middle..]);
        (await world.RunAsync("attest", "verify", alone, "--root", bundle)).Succeeded();
        string intermediate = world.Home.Write("tmp/intermediate.pem", text[middle..]);
        (await world.RunAsync("attest", "verify", alone, "--root", intermediate)).ExitedWith(Refused);
    }

    [Fact]
    public async Task An_imported_key_is_not_attested()
    {
        PivWorld world = await shared.NewCardAsync();
        string file = world.Home.File($"tmp/{Path.GetRandomFileName()}");
        await world.ToolAsync("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", file);
        (await world.RunAsync("key", "import", "old", file, "--in", "piv")).Succeeded();

        Assert.Contains("imported", (await world.RunAsync("attest", "old")).ExitedWith(Refused).Error);
    }

    [Theory]
    [InlineData(Absent, "token", "info", "--token", "7")]
    [InlineData(Absent, "key", "new", "work", "--in", "piv:7")]
    [InlineData(Usage, "key", "new", "work", "--in", "piv", "--pin")]
    [InlineData(Usage, "key", "new", "work", "--in", "tpm", "--slot", "9a")]
    [InlineData(Usage, "key", "new", "work", "--in", "piv", "--slot", "f9")]
    [InlineData(Usage, "key", "new", "work", "--in", "piv", "--touch", "sometimes")]
    [InlineData(Usage, "key", "new", "work", "--in", "piv", "--type", "ecdsa-521")]
    [InlineData(Usage, "token", "set-tries", "0", "3")]
    public async Task What_cannot_be_done_has_its_exit_code(int exitCode, params string[] arguments)
    {
        PivWorld world = await shared.AnyCardAsync();

        Ran ran = (await world.RunAsync(arguments)).ExitedWith(exitCode);

        Assert.Equal("", ran.Output);
        Assert.StartsWith("secure-agent: ", ran.Error);
    }

    private static async Task<JsonElement> InfoAsync(PivWorld world) => JsonDocument.Parse(
        (await world.RunAsync("token", "info", "--json")).Succeeded().Output).RootElement.Clone();
}
