using System.Text.Json;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>What scripts rely on: exit codes and the exact output of the program's commands.</summary>
[Collection(ChangingWorlds.Name)]
public sealed class CommandLineTests(Worlds worlds)
{
    [Fact]
    public async Task Pub_prints_the_authorized_keys_line_and_nothing_else()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        await world.RunAsync("key", "new", "shown", "--in", "tpm", "--type", "ecdsa-256", "--comment", "shown key");
        string file = world.PublicKeyFile("shown");

        Ran ran = await world.RunAsync("pub", "shown");

        Assert.Matches("^ecdsa-sha2-nistp256 [A-Za-z0-9+/=]+ shown key\n$", ran.Output);
        Assert.Equal(ran.Output, File.ReadAllText(file));
        Assert.Equal("", ran.Error);
        (await new Command(world.Home.Environment, "ssh-keygen", "-l", "-f", file).RunAsync()).Succeeded();
        await world.RunAsync("key", "remove", "shown", "--yes");
    }

    [Fact]
    public async Task Listings_have_a_stable_JSON_form()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        await world.RunAsync("key", "new", "listed", "--in", "tpm", "--type", "ecdsa-256");
        string[][] listings = [["key", "list"], ["key", "show", "listed"], ["status"], ["config", "show"]];
        foreach (string[] listing in listings)
        {
            Ran ran = await world.RunAsync([.. listing, "--json"]);

            using JsonDocument document = JsonDocument.Parse(ran.Output);
            Assert.Equal(1, document.RootElement.GetProperty("schema").GetInt32());
        }

        using JsonDocument list = JsonDocument.Parse((await world.RunAsync("key", "list", "--json")).Output);
        JsonElement key = Assert.Single(list.RootElement.GetProperty("keys").EnumerateArray());
        Assert.Equal("listed", key.GetProperty("name").GetString());
        Assert.Equal(await world.FingerprintAsync("listed"), key.GetProperty("fingerprint").GetString());
        await world.RunAsync("key", "remove", "listed", "--yes");
    }

    [Fact]
    public async Task Exit_code_1_says_refused_or_failed()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        string file = world.Home.Write("tmp/no-key", "This is no key.\n");
        Ran ran = await SecureAgentProgram.RunAsync(world.Home, "key", "import", "x", file, "--in", "tpm");
        Assert.Contains(file, ran.ExitedWith(1).Error);
    }

    [Fact]
    public async Task Exit_code_2_says_that_no_agent_answers()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        await world.RunAsync("status");

        Ran ran = await SecureAgentProgram.RunAsync(world.Home.WithAgent(world.Home.File("run/none.sock")), "status");

        ran.ExitedWith(2);
        Assert.Contains("none.sock", ran.Output + ran.Error);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("key new")]
    [InlineData("key new x --in tpm --type dsa")]
    [InlineData("key new ../x --in tpm")]
    [InlineData("run --no-such-option")]
    public async Task Exit_code_64_says_that_the_command_line_is_wrong(string arguments)
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        Ran ran = await SecureAgentProgram.RunAsync(world.Home, arguments.Split(' '));
        Assert.NotEqual("", ran.ExitedWith(64).Error);
    }

    [Fact]
    public async Task Exit_code_69_says_that_there_is_no_TPM()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        string missing = world.Home.File("run/none.sock");
        Dictionary<string, string> environment = world.Home.With("SECUREAGENT_TPM", $"swtpm:path={missing}");

        Ran ran = await SecureAgentProgram.RunAsync(environment, "key", "new", "x", "--in", "tpm");

        Assert.Contains(missing, ran.ExitedWith(69).Error);
        Assert.Empty(Directory.GetFiles(world.Home.KeyDirectory, "x*"));
    }

    [Fact]
    public async Task Exit_code_77_says_that_no_PIN_could_be_had()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        Ran ran = await SecureAgentProgram.RunAsync(
            world.Home.WithoutAskpass(), "key", "new", "x", "--in", "tpm", "--pin");
        Assert.Contains("SSH_ASKPASS", ran.ExitedWith(77).Error);
        Assert.Empty(Directory.GetFiles(world.Home.KeyDirectory, "x*"));
    }

    [Fact]
    public async Task Exit_code_78_says_that_the_configuration_is_invalid()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        string file = world.Home.Write("tmp/config.json", "{ \"pinCache\": \"sometimes\" }\n");

        Ran ran = await SecureAgentProgram.RunAsync(world.Home, "run", "--config", file);

        Assert.Contains($"{file}:1", ran.ExitedWith(78).Error);
    }

    [Fact]
    public async Task Exit_code_130_says_that_the_user_interrupted()
    {
        AgentWorld world = await worlds.EmptyAgentAsync(AgentKind.Simulator);
        Askpass askpass = world.Home.Askpass;
        int asked = askpass.Prompts.Count;
        await askpass.CloseGateAsync();
        await using BackgroundProcess process = SecureAgentProgram.Start(
            world.Home.Environment, "key", "new", "x", "--in", "tpm", "--pin");
        await askpass.AskedAsync(asked + 1);

        process.Signal(BackgroundProcess.SIGINT);

        (await process.EndAsync()).ExitedWith(130);
        askpass.RemoveGate();
        Assert.Empty(Directory.GetFiles(world.Home.KeyDirectory, "x*"));
    }
}
