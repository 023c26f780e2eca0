using System.Text.Json;
using SecureAgent.Cli.Output;

namespace SecureAgent.Tests.Cli.Output;

/// <summary>Scripts depend on these names. A field may be added here; one that is changed or gone needs another
/// schema.</summary>
public sealed class CliJsonTests
{
    [Fact]
    public void A_key_has_the_fields_of_schema_1()
    {
        KeyOutput key = new() { Name = "n", Type = "t", In = "tpm", Comment = "c", Parent = "0x40000001", File = "/f" };
        Assert.Equal(
            ["schema:Number", "name:String", "type:String", "in:String", "fingerprint:Null", "comment:String", "sealed:False",
                "pin:False", "pcrs:Null", "parent:String", "file:String", "reference:Null", "pinPolicy:Null",
                "touchPolicy:Null", "origin:Null", "publicKeyFile:Null", "certificate:Null", "problem:Null"],
            Fields(JsonText.Of(key)));
    }

    [Fact]
    public void The_list_of_keys_has_the_fields_of_schema_1() => Assert.Equal(
        ["schema:Number", "keys:Array"],
        Fields(JsonText.Of(new KeyListOutput(1, []))));

    [Fact]
    public void The_status_has_the_fields_of_schema_1()
    {
        string text = JsonText.Of(new StatusOutput(
                1, new AgentOutput { Endpoint = "/s", Reachable = true }, new TpmOutput { Tcti = "tbs", Reachable = false }, [],
                [new ChannelOutput("cygwin", "C:/a", null)],
                new PivOutput(true, null, ["r"], [new TokenOutput { Reader = "r" }])));
        Assert.Equal(
            ["schema:Number", "agent:Object", "tpm:Object", "weaknesses:Array", "channels:Array", "piv:Object"],
            Fields(text));
        JsonElement root = JsonDocument.Parse(text).RootElement;
        Assert.Equal(
            ["name:String", "endpoint:String", "problem:Null"], Fields(root.GetProperty("channels")[0].GetRawText()));
        Assert.Equal(
            ["enabled:True", "problem:Null", "readers:Array", "tokens:Array"],
            Fields(root.GetProperty("piv").GetRawText()));
        Assert.Equal(
            ["endpoint:String", "reachable:True", "problem:Null", "locked:Null", "keys:Null"],
            Fields(root.GetProperty("agent").GetRawText()));
        Assert.Equal(
            ["tcti:String", "reachable:False", "problem:Null", "device:Null", "lockedOut:Null", "triesLeft:Null",
                "recoverySeconds:Null"],
            Fields(root.GetProperty("tpm").GetRawText()));
    }

    [Fact]
    public void A_token_has_the_fields_of_schema_1() => Assert.Equal(
        ["schema:Number", "reader:String", "id:Null", "name:Null", "firmware:Null", "pinTriesLeft:Null", "pinIsDefault:Null",
            "pukTriesLeft:Null", "pukIsDefault:Null", "managementKey:Null", "managementKeyIsDefault:Null",
            "managementKeyIsStored:False", "keys:Array", "weaknesses:Array", "problem:Null"],
        Fields(JsonText.Of(new TokenOutput { Reader = "r" })));

    [Fact]
    public void The_list_of_tokens_has_the_fields_of_schema_1() => Assert.Equal(
        ["schema:Number", "tokens:Array"],
        Fields(JsonText.Of(new TokenListOutput(1, []))));

    [Fact]
    public void The_configuration_has_the_fields_of_schema_1()
    {
        string text = JsonText.Of(new ConfigurationOutput(1, ["/f"], [new SettingOutput("tpm", "tbs", "default")]));
        Assert.Equal(["schema:Number", "files:Array", "settings:Array"], Fields(text));
        JsonElement setting = JsonDocument.Parse(text).RootElement.GetProperty("settings")[0];
        Assert.Equal(["name:String", "value:String", "origin:String"], Fields(setting.GetRawText()));
    }

    [Fact]
    public void Text_from_outside_cannot_reach_a_terminal_through_JSON()
    {
        KeyOutput key = new() { Name = "n", Type = "t", In = "tpm", Comment = "\u001b[2J\u202E\"\\u002B\U0001F511\n", Parent = "", File = "" };
        key = key with { Fingerprint = "SHA256:a+b/c" };
        string text = JsonText.Of(key);
        Assert.All(text, character => Assert.True(character is '\n' or >= ' ' and <= '~'));
        Assert.Contains("SHA256:a+b/c", text, StringComparison.Ordinal);
        Assert.Equal(key.Comment, JsonDocument.Parse(text).RootElement.GetProperty("comment").GetString());
    }

    private static string[] Fields(string json) =>
    [
        .. JsonDocument.Parse(json).RootElement.EnumerateObject().Select(field => $"{field.Name}:{field.Value.ValueKind}"),
    ];
}
