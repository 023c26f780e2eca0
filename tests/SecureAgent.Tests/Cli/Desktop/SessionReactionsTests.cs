using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Desktop;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Cli.Desktop;

public sealed class SessionReactionsTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    /// <summary>Message and wParam as in winuser.h; what they mean here.</summary>
    [Theory]
    [InlineData(0x02B1, 7, "Left")]
    [InlineData(0x02B1, 2, "Left")]
    [InlineData(0x02B1, 4, "Left")]
    [InlineData(0x02B1, 6, "Ends")]
    [InlineData(0x02B1, 8, null)]
    [InlineData(0x02B1, 1, null)]
    [InlineData(0x0218, 4, "Sleeps")]
    [InlineData(0x0218, 7, null)]
    [InlineData(0x0016, 1, "Ends")]
    [InlineData(0x0016, 0, null)]
    [InlineData(0x0011, 1, null)]
    public void Messages_of_Windows_mean_what_winuser_h_says(uint message, int wParam, string? change) =>
        Assert.Equal(change, SessionMessages.Read(message, wParam)?.ToString());

    /// <summary>Setting; what happened; whether secrets are dropped, and keys still listed.</summary>
    [Theory]
    [InlineData(null, "Left", 1, true)]
    [InlineData(null, "Sleeps", 1, true)]
    [InlineData("onSessionLock=nothing", "Left", 0, true)]
    [InlineData("onSessionLock=nothing", "Sleeps", 1, true)]
    [InlineData("onSleep=nothing", "Sleeps", 0, true)]
    [InlineData("onSessionLock=remove-keys", "Left", 1, false)]
    [InlineData("onSleep=remove-keys", "Sleeps", 1, false)]
    public async Task The_agent_reacts_as_the_settings_say(string? setting, string change, int dropped, bool isListed)
    {
        Settings settings = Read(setting);
        TestBackend backend = new("test", TestKey.Ed25519().Identity("key0"));
        using TestAgent agent = new(backend);
        SessionReactions.React(Enum.Parse<SessionChange>(change), settings, agent.Agent, agent.Log);
        Assert.Equal(dropped, backend.Dropped);
        Assert.Equal(isListed ? ["key0"] : [], await agent.ListAsync());
    }

    [Theory]
    [InlineData("onSessionLock=lock", "must be nothing, drop-pins or remove-keys")]
    [InlineData("onSleep=Drop-Pins", "must be nothing, drop-pins or remove-keys")]
    [InlineData("notify=touch", "must be nothing or uses")]
    public void A_reaction_that_there_is_not_is_invalid(string setting, string problem)
    {
        ConfigurationProblem found = Assert.Single(Read(setting).Problems);
        Assert.True(found.IsInvalid);
        Assert.Contains(problem, found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_show_lists_them_with_their_defaults()
    {
        Assert.Equal(0, await _surroundings.RunAsync("config", "show"));
        Assert.Contains("onSessionLock = drop-pins  (default)", _surroundings.Out, StringComparison.Ordinal);
        Assert.Contains("onSleep = drop-pins  (default)", _surroundings.Out, StringComparison.Ordinal);
        Assert.Contains("notify = nothing  (default)", _surroundings.Out, StringComparison.Ordinal);
    }

    private Settings Read(string? setting)
    {
        if (setting?.Split('=') is [string name, string value])
        {
            _surroundings.Environment[SettingNames.Variable(name)] = value;
        }

        return SettingsReader.Read(
            _surroundings.Value, null, new Dictionary<string, (string Option, string Value)>());
    }
}
