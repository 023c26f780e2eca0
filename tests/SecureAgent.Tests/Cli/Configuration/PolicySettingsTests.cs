using SecureAgent.Cli.Configuration;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Cli.Configuration;

/// <summary>The settings that are lists and objects.</summary>
public sealed class PolicySettingsTests : IDisposable
{
    private const string Fingerprint = "SHA256:JQd5iOtyCmBAXFyDfgY2dWUD8PyGoEMy5ghnH2b1+hk";

    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public void Without_configuration_nothing_is_restricted_and_forwarded_connections_get_nothing_more()
    {
        Settings settings = Read();
        Assert.Equal(KeyPolicy.Default, For(settings.Policies, Key("laptop")));
        Assert.Equal(ForwardedRights.None, settings.Forwarded);
        Assert.Equal(TimeSpan.Zero, settings.ConfirmGrant);
        Assert.Equal(TimeSpan.FromSeconds(5), settings.ConfirmCoolDown);
        Assert.Null(settings.KeyLifetime);
        Assert.Equal(["/usr/lib*/*", "/usr/local/lib*/*"], settings.Providers);
        Assert.Empty(settings.WebSafeApplications);
        Assert.Empty(settings.Upstreams);
        Assert.False(settings.AuditDeniesWhenFull);
        Assert.Empty(settings.Problems);
    }

    [Fact]
    public void The_record_of_uses_is_where_the_XDG_specification_says_unless_it_is_off()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are those of Linux.");
        Assert.Equal(At(".local/state/secure-agent/audit.jsonl"), Read().AuditFile);
        _surroundings.Environment["XDG_STATE_HOME"] = "/state";
        Assert.Equal("/state/secure-agent/audit.jsonl", Read().AuditFile);
        _surroundings.Environment["SECUREAGENT_AUDITFILE"] = "off";
        Assert.Null(Read().AuditFile);
        _surroundings.Environment["SECUREAGENT_AUDITFILE"] = "~/a.jsonl";
        Assert.Equal(At("a.jsonl"), Read().AuditFile);
    }

    [Fact]
    public void Everything_that_a_file_may_say_is_read()
    {
        UserFile($$"""
            {
              "keys": {
                "laptop": {
                  "purposes": ["auth", "sshsig:git", "ca"], "confirm": "forwarded",
                  "hosts": ["github.com", "*.corp.example"], "channels": ["unix"], "rsaSha1": true
                }
              },
              "forwarded": ["add", "remove", "lock", "providers"],
              "confirmGrant": "10m", "confirmCoolDown": 0, "keyLifetime": "8h",
              "providers": ["/opt/*", "!~/bad.so"],
              "webSafeApplications": ["https://example.com"],
              "upstreams": ["~/one.sock", { "endpoint": "/two.sock", "filter": ["{{Fingerprint}}", "work*", "!old*"] }],
              "auditFull": "deny",
            }
            """);

        Settings settings = Read();

        Assert.Empty(settings.Problems);
        KeyPolicy policy = For(settings.Policies, Key("laptop"));
        Assert.Equal(["auth", "sshsig:git", "ca"], policy.Purposes!.Select(rule => rule.ToString()));
        Assert.Equal(ConfirmRule.Forwarded, policy.Confirm);
        Assert.Equal(["github.com", "*.corp.example"], policy.Hosts);
        Assert.Equal(["unix"], policy.Channels);
        Assert.True(policy.AllowRsaSha1);
        Assert.Equal(
            ForwardedRights.Add | ForwardedRights.Remove | ForwardedRights.Lock | ForwardedRights.Providers,
            settings.Forwarded);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.ConfirmGrant);
        Assert.Equal(TimeSpan.Zero, settings.ConfirmCoolDown);
        Assert.Equal(TimeSpan.FromHours(8), settings.KeyLifetime);
        Assert.Equal(["/opt/*", "!" + At("bad.so")], settings.Providers);
        Assert.Equal(["https://example.com"], settings.WebSafeApplications);
        Assert.Equal(
            [(At("one.sock"), 0), (Path.GetFullPath("/two.sock"), 3)],
            settings.Upstreams.Select(upstream => (upstream.Endpoint, upstream.Filter?.Count ?? 0)));
        Assert.True(settings.AuditDeniesWhenFull);
    }

    [Fact]
    public void A_key_is_found_by_fingerprint_before_its_name_before_the_star_property_by_property()
    {
        Identity key = Key("laptop");
        UserFile($$"""
            { "keys": {
              "*": { "confirm": "always", "rsaSha1": true, "channels": ["star"], "hosts": ["star"] },
              "laptop": { "confirm": "forwarded", "channels": ["name"], "hosts": [] },
              "{{key.PublicKey.Fingerprint}}": { "confirm": "never" }
            } }
            """);

        KeyPolicies policies = Read().Policies;

        KeyPolicy policy = For(policies, key);
        Assert.Equal(ConfirmRule.Never, policy.Confirm);
        Assert.Equal(["name"], policy.Channels);
        Assert.Equal([], policy.Hosts);
        Assert.True(policy.AllowRsaSha1);
        Assert.Null(policy.Purposes);
        Assert.Equal(ConfirmRule.Always, For(policies, Key("other")).Confirm);
        // Names are told apart by case, unlike settings.
        Assert.Equal(ConfirmRule.Always, For(policies, Key("Laptop")).Confirm);
    }

    [Fact]
    public void A_comment_that_looks_like_a_fingerprint_does_not_borrow_that_keys_policy()
    {
        UserFile($$"""{ "keys": { "{{Fingerprint}}": { "rsaSha1": true } } }""");
        Assert.False(For(Read().Policies, Key(Fingerprint)).AllowRsaSha1);
    }

    [Fact]
    public void The_users_policies_are_put_over_the_machines_property_by_property_and_lists_replace_each_other()
    {
        string machine = _surroundings.Write("etc/config.json", """
            {
              "keys": { "laptop": { "confirm": "always", "hosts": ["a"] }, "*": { "channels": ["unix"] } },
              "forwarded": ["add"],
              "upstreams": ["/m"]
            }
            """);
        string user = UserFile("""
            {
              "keys": { "laptop": { "confirm": "never" } },
              "forwarded": []
            }
            """);

        Settings settings = Read();

        KeyPolicy policy = For(settings.Policies, Key("laptop"));
        Assert.Equal(ConfirmRule.Never, policy.Confirm);
        Assert.Equal(["a"], policy.Hosts);
        Assert.Equal(["unix"], policy.Channels);
        Assert.Equal(ForwardedRights.None, settings.Forwarded);
        Assert.Contains(new SettingValue("keys.laptop.confirm", "never", $"{user}:2"), settings.Values);
        Assert.Contains(new SettingValue("keys.laptop.hosts", "a", $"{machine}:2"), settings.Values);
        Assert.Contains(new SettingValue("forwarded", null, $"{user}:3"), settings.Values);
        Assert.Contains(new SettingValue("upstreams", Path.GetFullPath("/m"), $"{machine}:4"), settings.Values);
    }

    [Fact]
    public void Upstream_agents_given_as_options_replace_those_of_the_files()
    {
        UserFile("""{ "upstreams": ["/file"] }""");
        Settings settings = SettingsReader.Read(
            _surroundings.Value,
            null,
            new Dictionary<string, (string, string)>(),
            new Dictionary<string, (string, IReadOnlyList<string>)> { ["upstreams"] = ("--upstream", ["/a", "/b"]) });
        string[] expected = [Path.GetFullPath("/a"), Path.GetFullPath("/b")];
        Assert.Equal(expected, settings.Upstreams.Select(upstream => upstream.Endpoint));
        Assert.Contains(
            new SettingValue("upstreams", string.Join(", ", expected), "--upstream"), settings.Values);
    }

    [Theory]
    [InlineData("""{ "laptop": { "purposes": [ @"sshsig:" ] } }""")]
    [InlineData("""{ "laptop": { "purposes": [ @"login" ] } }""")]
    [InlineData("""{ "laptop": { @"purposes": "auth" } }""")]
    [InlineData("""{ "laptop": { "purposes": [ @7, "auth", @null ] } }""")]
    [InlineData("""{ "laptop": { @"confirm": "yes" } }""")]
    [InlineData("""{ "laptop": { @"confirm": true } }""")]
    [InlineData("""{ "laptop": { @"rsaSha1": "true" } }""")]
    [InlineData("""{ "laptop": { @"rsaSha1": null } }""")]
    [InlineData("""{ "laptop": { "hosts": [ @"" ] } }""")]
    [InlineData("""{ "laptop": { "hosts": [ @"!bad.example" ] } }""")]
    [InlineData("""{ "laptop": { "hosts": [ @"a,b" ] } }""")]
    [InlineData("""{ "laptop": { "channels": [ @"" ] } }""")]
    [InlineData("""{ "laptop": { @"Confirm": "always" } }""")]
    [InlineData("""{ "laptop": { @"host": ["a"] } }""")]
    [InlineData("""{ "laptop": { "confirm": "always", @"confirm": "never" } }""")]
    [InlineData("""{ @"laptop": ["auth"] }""")]
    [InlineData("""{ @"work*": {} }""")]
    [InlineData("""{ @"": {} }""")]
    [InlineData("""{ @"SHA256:abc": {} }""")]
    [InlineData("""{ @"SHA256:JQd5iOtyCmBAXFyDfgY2dWUD8PyGoEMy5ghnH2b1+h=": {} }""")]
    [InlineData("""[]""")]
    public void A_policy_that_is_not_understood_is_invalid_and_named_with_its_line(string keys) =>
        AssertWrong("keys", keys);

    [Theory]
    [InlineData("forwarded", """ "add" """)]
    [InlineData("forwarded", """[ @"sign" ]""")]
    [InlineData("providers", """[ @"lib/*" ]""")]
    [InlineData("providers", """[ @"/a,/b" ]""")]
    [InlineData("providers", """[ @"!" ]""")]
    [InlineData("webSafeApplications", """[ @"" ]""")]
    [InlineData("channels", """[ @"telnet" ]""")]
    [InlineData("channels", """ "unix" """)]
    [InlineData("channels", """ [] """)]
    [InlineData("upstreams", """ "/a" """)]
    [InlineData("upstreams", """[ @"a" ]""")]
    [InlineData("upstreams", """[ @["/a"] ]""")]
    [InlineData("upstreams", """[ @{ "filter": ["a"] } ]""")]
    [InlineData("upstreams", """[ { "endpoint": "/a", @"filter": "a" } ]""")]
    [InlineData("upstreams", """[ { "endpoint": "/a", @"filter": [] } ]""")]
    [InlineData("upstreams", """[ { "endpoint": "/a", "filter": [ @"!" ] } ]""")]
    [InlineData("upstreams", """[ { "endpoint": "/a", "filter": [ @"!SHA256:abc" ] } ]""")]
    [InlineData("upstreams", """[ { "endpoint": "/a", @"keys": [] } ]""")]
    [InlineData("upstreams", """[ { @"endpoint": "a" } ]""")]
    [InlineData("confirmGrant", "true")]
    [InlineData("confirmGrant", "\"long\"")]
    [InlineData("confirmCoolDown", "-1")]
    [InlineData("keyLifetime", "0")]
    [InlineData("auditFile", "\"audit.jsonl\"")]
    [InlineData("auditFull", "\"stop\"")]
    public void A_value_that_is_not_understood_is_invalid_and_named_with_its_line(string name, string value) =>
        AssertWrong(name, value);

    [Fact]
    public async Task An_agent_does_not_start_with_a_policy_that_is_not_understood()
    {
        string file = UserFile("{ \"keys\": {\n  \"laptop\": { \"purposes\": [\"logins\"] } } }");
        Assert.Equal(78, await _surroundings.RunAsync("run", "--", "true"));
        Assert.Contains(
            $"{file}:2: a purpose is \"logins\", but must be auth", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_takes_upstream_agents_as_options()
    {
        Assert.Equal(78, await _surroundings.RunAsync("run", "--upstream", "/a", "--upstream", "", "--", "true"));
        Assert.Contains(
            "--upstream: an upstream's endpoint is \"\", but must be", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_validate_finds_every_mistake_at_once()
    {
        string file = UserFile("""
            {
              "keys": { "a": { "confirm": "maybe" },
                        "b": { "port": 22 } },
              "forwarded": ["everything"],
              "auditFull": "stop"
            }
            """);
        Assert.Equal(78, await _surroundings.RunAsync("config", "validate"));
        string[] lines = _surroundings.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        foreach (int line in new[] { 2, 3, 4, 5 })
        {
            Assert.Contains(lines, text => text.Contains($"{file}:{line}: ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Config_show_prints_each_property_of_a_policy_with_its_line()
    {
        string file = UserFile("{ \"keys\": { \"*\": {\n \"purposes\": [\"auth\", \"ca\"],\n \"hosts\": [] } } }");
        Assert.Equal(0, await _surroundings.RunAsync("config", "show"));
        Assert.Contains($"keys.*.purposes = auth, ca  ({file}:2)", _surroundings.Out, StringComparison.Ordinal);
        Assert.Contains($"keys.*.hosts = nothing  ({file}:3)", _surroundings.Out, StringComparison.Ordinal);
    }

    /// <summary>Starts a line at every <c>@</c> in <paramref name="value"/>, or at the name of the setting if there is
    /// none, and expects one problem for each of these lines.</summary>
    private void AssertWrong(string name, string value)
    {
        string text = value.Contains('@', StringComparison.Ordinal)
            ? $"{{ \"{name}\": {value} }}"
            : $"{{ @\"{name}\": {value} }}";
        string file = UserFile(text.Replace('@', '\n'));

        ConfigurationProblem[] problems = [.. Read().Problems];

        Assert.Equal(
            Enumerable.Range(2, text.Count(c => c == '@')).Select(line => ($"{file}:{line}", true)),
            problems.Select(problem => (problem.Where, problem.IsInvalid)));
    }

    private static KeyPolicy For(KeyPolicies policies, Identity key) =>
        policies.For(key.PublicKey.Fingerprint, key.Comment);

    private static Identity Key(string comment) => TestKey.Ed25519().Identity(comment);

    private string At(string path) => Path.Combine(_surroundings.Home, path);

    private string UserFile(string text)
    {
        _surroundings.Environment[OperatingSystem.IsWindows() ? "APPDATA" : "XDG_CONFIG_HOME"] = At("config");
        return _surroundings.Write(
            OperatingSystem.IsWindows() ? @"config\SecureAgent\config.json" : "config/secure-agent/config.json", text);
    }

    private Settings Read() =>
        SettingsReader.Read(_surroundings.Value, null, new Dictionary<string, (string, string)>());
}
