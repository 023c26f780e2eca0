using System.Text.Json;

namespace SecureAgent.Tests.EndToEnd.Wine;

/// <summary>The published Windows program starts, finds its places, and ends as scripts expect.</summary>
[Collection(WineWorlds.Name)]
public sealed class WindowsProgramTests(WineWorlds.One shared)
{
    [Theory]
    [InlineData("--version", @"^\d+\.\d+\.\d+")]
    [InlineData("--help", "Usage:\\s+secure-agent \\[command\\]")]
    public async Task It_starts_and_says_what_it_is(string option, string expected)
    {
        WineWorld world = await shared.WorldAsync();
        Ran ran = (await world.RunAsync(option)).Succeeded();
        Assert.Matches(expected, ran.Output);
    }

    [Fact]
    public async Task Its_places_are_in_the_profile_of_the_user_and_its_TPM_is_the_one_of_Windows()
    {
        WineWorld world = await shared.WorldAsync();

        Ran ran = (await world.RunAsync("config", "show", "--json")).Succeeded();

        using JsonDocument document = JsonDocument.Parse(ran.Output);
        Dictionary<string, string?> settings = document.RootElement.GetProperty("settings").EnumerateArray()
            .ToDictionary(
                setting => setting.GetProperty("name").GetString()!,
                setting => setting.GetProperty("value").GetString());
        Assert.Equal("tbs", settings["tpm"]);
        Assert.Matches(@"^C:\\users\\[^\\]+\\AppData\\Local\\SecureAgent\\keys$", settings["keyDirectory"]);
        Assert.Matches(@"^C:\\users\\[^\\]+\\\.ssh$", settings["publicKeyDirectory"]);
    }

    [Fact]
    public async Task Configuration_is_read_from_a_file_with_Windows_line_ends()
    {
        WineWorld world = await shared.WorldAsync();
        string file = world.Home.Write("tmp/config.json", "{\r\n  // Short.\r\n  \"promptTimeout\": \"7s\"\r\n}\r\n");

        Ran ran = (await world.RunAsync("config", "show", "--config", WineWorld.WindowsPath(file))).Succeeded();

        Assert.Contains("promptTimeout = 7s", ran.Output);
    }

    [Fact]
    public async Task Status_ends_with_2_where_no_agent_can_be_reached()
    {
        WineWorld world = await shared.WorldAsync();
        (await world.RunAsync("status")).ExitedWith(2);
    }

    [Fact]
    public async Task A_TPM_that_is_not_there_is_told_from_everything_else()
    {
        WineWorld world = await shared.WorldAsync();
        Ran ran = await world.RunAsync("key", "new", "x", "--in", "tpm", "--tpm", "swtpm:host=127.0.0.1,port=1");
        Assert.Contains("swtpm:host=127.0.0.1,port=1", ran.ExitedWith(69).Error);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("key new ../x --in tpm")]
    public async Task A_wrong_command_line_ends_with_64(string arguments)
    {
        WineWorld world = await shared.WorldAsync();
        Assert.NotEqual("", (await world.RunAsync(arguments.Split(' '))).ExitedWith(64).Error);
    }
}
