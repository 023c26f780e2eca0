using System.Text;
using SecureAgent.Cli.Configuration;

namespace SecureAgent.Tests.Cli.Configuration;

public sealed class SettingsTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public void Without_configuration_everything_is_where_the_XDG_specification_says()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are those of Linux.");
        Settings settings = Read();
        Assert.Equal(At(".local/share/secure-agent/keys"), settings.KeyDirectory);
        Assert.Equal(At(".ssh"), settings.PublicKeyDirectory);
        Assert.Equal(At(".ssh/agent/secure-agent.sock"), settings.Socket);
        Assert.Equal("device:/dev/tpmrm0", settings.Tpm);
        Assert.Equal(Timeout.InfiniteTimeSpan, settings.PinCache.Lifetime);
        Assert.Equal(TimeSpan.FromMinutes(2), settings.PromptTimeout);
        Assert.Empty(settings.Problems);
    }

    [Fact]
    public void XDG_variables_move_the_paths_and_relative_ones_are_ignored()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are those of Linux.");
        _surroundings.Environment["XDG_RUNTIME_DIR"] = "/run/user/7";
        _surroundings.Environment["XDG_DATA_HOME"] = "relative";
        Settings settings = Read();
        Assert.Equal("/run/user/7/secure-agent/agent.sock", settings.Socket);
        Assert.Equal(At(".local/share/secure-agent/keys"), settings.KeyDirectory);
    }

    [Fact]
    public void Options_win_over_the_environment_which_wins_over_the_user_who_wins_over_the_machine()
    {
        string machine = _surroundings.Write("etc/config.json", """{ "tpm": "tbs", "pinCache": "1m", "promptTimeout": "10s", "socket": "/m" }""");
        string user = UserFile("{\n  // of the user\n  \"pinCache\": \"2m\",\n  \"promptTimeout\": \"20s\",\n  \"socket\": \"/u\",\n}");
        _surroundings.Environment["SECUREAGENT_PROMPTTIMEOUT"] = "30s";
        _surroundings.Environment["SECUREAGENT_SOCKET"] = "/e";

        Settings settings = Read(null, (SettingNames.Socket, "--socket", "/o"));

        Assert.Equal(new SettingValue("tpm", "tbs", $"{machine}:1"), Value(settings, "tpm"));
        Assert.Equal(new SettingValue("pinCache", "2m", $"{user}:3"), Value(settings, "pinCache"));
        Assert.Equal(
            new SettingValue("promptTimeout", "30s", "SECUREAGENT_PROMPTTIMEOUT"), Value(settings, "promptTimeout"));
        Assert.Equal(new SettingValue("socket", Path.GetFullPath("/o"), "--socket"), Value(settings, "socket"));
        Assert.Empty(settings.Problems);
        Assert.Equal([machine, user], settings.Files);
    }

    [Fact]
    public void Another_file_replaces_the_users_and_must_be_there()
    {
        UserFile("""{ "tpm": "tbs" }""");
        string other = _surroundings.Write("other.json", """{ "pinCache": "until-removed" }""");

        Settings settings = Read(other);
        Assert.Equal("default", Value(settings, "tpm").Origin);
        Assert.Equal(Timeout.InfiniteTimeSpan, settings.PinCache.Lifetime);

        ConfigurationProblem problem = Assert.Single(Read(At("missing.json")).Problems);
        Assert.True(problem.IsInvalid);
        Assert.Equal(At("missing.json"), problem.Where);
    }

    [Fact]
    public void A_tilde_is_the_home_directory_and_other_relative_paths_are_refused()
    {
        string file = UserFile("{\n\"keyDirectory\": \"~/k\",\n\"socket\": \"s.sock\" }");
        Settings settings = Read();
        Assert.Equal(At("k"), settings.KeyDirectory);
        ConfigurationProblem problem = Assert.Single(settings.Problems);
        Assert.Equal($"{file}:3", problem.Where);
        Assert.True(problem.IsInvalid);
    }

    [Fact]
    public void Public_keys_lie_beside_keys_that_were_given_a_directory()
    {
        Settings settings = Read(null, (SettingNames.KeyDirectory, "--key-dir", At("k")));
        Assert.Equal(At("k"), settings.PublicKeyDirectory);
    }

    [Theory]
    [InlineData("pinCache", "for-ever")]
    [InlineData("promptTimeout", "0")]
    [InlineData("promptTimeout", "soon")]
    public void An_invalid_value_is_named_with_its_line(string name, string value)
    {
        string file = UserFile($"{{\n\n  \"{name}\": \"{value}\"\n}}");
        ConfigurationProblem problem = Assert.Single(Read().Problems);
        Assert.Equal($"{file}:3", problem.Where);
        Assert.Contains(value, problem.Message, StringComparison.Ordinal);
        Assert.True(problem.IsInvalid);
    }

    [Fact]
    public void An_unknown_key_or_variable_is_only_a_warning()
    {
        string file = UserFile("{\n\"tmp\": \"tbs\" }");
        _surroundings.Environment["SECUREAGENT_TMP"] = "x";
        Assert.Equal(
            [($"{file}:2", false), ("SECUREAGENT_TMP", false)],
            Read().Problems.Select(problem => (problem.Where, problem.IsInvalid)));
    }

    [Theory]
    [InlineData("{\n\"tpm\": \"tbs\"\n\"socket\": \"/x\" }", 3)]
    [InlineData("{\n\"tpm\": ", 2)]
    [InlineData("{\n\"tpm\": \"tbs\",\n\"TPM\": \"tbs\" }", 3)]
    [InlineData("{\n\"tpm\": [\"tbs\"] }", 2)]
    [InlineData("{\n\"tpm\": { \"a\": 1 } }", 2)]
    public void Broken_JSON_is_named_with_its_line_and_none_of_it_is_used(string text, int line)
    {
        string file = UserFile(text);
        Settings settings = Read();
        ConfigurationProblem problem = Assert.Single(settings.Problems);
        Assert.Equal($"{file}:{line}", problem.Where);
        Assert.True(problem.IsInvalid);
        Assert.Equal("default", Value(settings, "tpm").Origin);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"tpm\"")]
    [InlineData("// nothing")]
    public void A_file_that_is_no_object_is_refused(string text)
    {
        UserFile(text);
        Assert.True(Assert.Single(Read().Problems).IsInvalid);
    }

    [Fact]
    public void A_file_cut_off_anywhere_is_refused_and_never_half_used()
    {
        const string Whole = "{ \"tpm\": \"tbs\", /* c */ \"pinCache\": \"2m\" }";
        for (int length = 0; length < Whole.Length; length++)
        {
            UserFile(Whole[..length]);
            Settings settings = Read();
            Assert.Contains(settings.Problems, problem => problem.IsInvalid);
            Assert.All(settings.Values, value => Assert.Equal("default", value.Origin));
        }
    }

    [Fact]
    public void A_byte_order_mark_and_UTF_16_are_understood()
    {
        string file = UserFile("{}");
        foreach (Encoding encoding in new[] { new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            File.WriteAllText(file, "{ \"tpm\": \"tbs\" }", encoding);
            Settings settings = Read();
            Assert.Empty(settings.Problems);
            Assert.Equal("tbs", settings.Tpm);
        }
    }

    [Fact]
    public void A_file_that_is_not_UTF_8_is_refused()
    {
        File.WriteAllBytes(UserFile(""), [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        Assert.True(Assert.Single(Read().Problems).IsInvalid);
    }

    private static SettingValue Value(Settings settings, string name) =>
        settings.Values.Single(setting => setting.Name == name);

    private string At(string path) => Path.Combine(_surroundings.Home, path);

    private string UserFile(string text)
    {
        _surroundings.Environment[OperatingSystem.IsWindows() ? "APPDATA" : "XDG_CONFIG_HOME"] = At("config");
        return _surroundings.Write(
            OperatingSystem.IsWindows() ? @"config\SecureAgent\config.json" : "config/secure-agent/config.json", text);
    }

    private Settings Read(string? file = null, params (string Name, string Option, string Value)[] options) =>
        SettingsReader.Read(
            _surroundings.Value, file, options.ToDictionary(given => given.Name, given => (given.Option, given.Value)));
}
