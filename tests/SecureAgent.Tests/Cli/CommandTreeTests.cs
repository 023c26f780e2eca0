using System.Text.Json;
using SecureAgent.Cli;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli;

public sealed class CommandTreeTests : IDisposable
{
    // Nothing listens on the first port, and loopback is there on every system.
    private const string NoTpm = "swtpm:host=127.0.0.1,port=1";

    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    [Theory]
    [InlineData]
    [InlineData("nonsense")]
    [InlineData("key")]
    [InlineData("key", "nonsense")]
    [InlineData("key", "new")]
    [InlineData("key", "new", "work")]
    [InlineData("key", "new", "work", "--in")]
    [InlineData("key", "new", "work", "--in", "tpm", "--nonsense")]
    [InlineData("key", "new", "work", "--in", "floppy")]
    [InlineData("key", "new", "work", "--in", "piv:")]
    [InlineData("token", "nonsense")]
    [InlineData("key", "new", "work", "--in", "tpm", "--type", "dsa-1024")]
    [InlineData("key", "new", "work", "--in", "tpm", "--type", "ed25519")]
    [InlineData("key", "import", "work")]
    [InlineData("key", "list", "extra")]
    [InlineData("pub")]
    [InlineData("config", "show", "--xml")]
    [InlineData("key", "new", "../work", "--in", "tpm")]
    [InlineData("key", "seal", "-work")]
    [InlineData("key", "rename", "work", "a b")]
    [InlineData("run", "--socket")]
    [InlineData("run", "--nonsense")]
    [InlineData("run", "--nonsense", "--", "true")]
    public async Task A_command_line_that_is_not_understood_ends_with_64(params string[] arguments)
    {
        Assert.Equal(ExitCode.Usage, await _surroundings.RunAsync(arguments));
        Assert.Empty(_surroundings.Out);
        Assert.StartsWith("secure-agent: ", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_argument_with_an_at_sign_is_not_read_as_a_file()
    {
        string file = _surroundings.Write("response", "list");
        Assert.Equal(ExitCode.Usage, await _surroundings.RunAsync("key", "@" + file));
    }

    [Theory]
    [InlineData("key", "show", "missing")]
    [InlineData("key", "rename", "missing", "other")]
    [InlineData("key", "remove", "missing", "--yes")]
    [InlineData("key", "cert", "missing", "/nowhere")]
    [InlineData("pub", "missing")]
    public async Task A_key_that_is_not_there_ends_with_69(params string[] arguments)
    {
        Assert.Equal(ExitCode.DeviceAbsent, await _surroundings.RunAsync(arguments));
        Assert.Empty(_surroundings.Out);
    }

    [Fact]
    public async Task A_TPM_that_is_not_there_ends_with_69() => Assert.Equal(
        ExitCode.DeviceAbsent,
        await _surroundings.RunAsync(
            "key", "new", "work", "--in", "tpm", "--tpm", NoTpm));

    [Fact]
    public async Task A_PIN_that_nobody_can_be_asked_for_ends_with_77_and_says_what_to_set()
    {
        Assert.Equal(ExitCode.PinDenied, await _surroundings.RunAsync("key", "new", "work", "--in", "tpm", "--pin"));
        Assert.Contains("SSH_ASKPASS", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_configuration_ends_every_command_with_78()
    {
        string file = _surroundings.Write("c.json", "{\n\"pinCache\": \"x\" }");
        foreach (string[] command in new[] { ["key", "list"], ["config", "show"], ["config", "validate"], new[] { "run" } })
        {
            Assert.Equal(ExitCode.ConfigurationInvalid, await _surroundings.RunAsync([.. command, "--config", file]));
        }

        Assert.Contains($"{file}:2", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_setting_fails_validation_only()
    {
        string file = _surroundings.Write("c.json", """{ "tmp": "tbs" }""");
        Assert.Equal(
            ExitCode.ConfigurationInvalid, await _surroundings.RunAsync("config", "validate", "--config", file));
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync("key", "list", "--config", file));
        Assert.Contains("\"tmp\"", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TCTI_that_is_none_is_invalid()
    {
        Assert.Equal(ExitCode.ConfigurationInvalid, await _surroundings.RunAsync("key", "list", "--tpm", "floppy:a"));
        Assert.Contains("--tpm", _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_without_an_agent_ends_with_2_and_still_prints()
    {
        _surroundings.Environment["SSH_AUTH_SOCK"] = Path.Combine(_surroundings.Home, "agent.sock");
        Assert.Equal(ExitCode.AgentUnreachable, await _surroundings.RunAsync("status", "--json", "--tpm", NoTpm));
        JsonElement status = JsonDocument.Parse(_surroundings.Out).RootElement;
        Assert.Equal(1, status.GetProperty("schema").GetInt32());
        Assert.False(status.GetProperty("agent").GetProperty("reachable").GetBoolean());
        Assert.False(status.GetProperty("tpm").GetProperty("reachable").GetBoolean());
    }

    [Fact]
    public async Task Without_a_device_nothing_hints_at_a_simulator()
    {
        await _surroundings.RunAsync("config", "show");
        Assert.DoesNotContain("sim", _surroundings.Out, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_interrupted_command_ends_with_130()
    {
        _surroundings.Environment["SSH_AUTH_SOCK"] = Path.Combine(_surroundings.Home, "agent.sock");
        using CancellationTokenSource interrupted = new();
        await interrupted.CancelAsync();
        Assert.Equal(
            ExitCode.Interrupted, await CommandTree.RunAsync(["status"], _surroundings.Value, interrupted.Token));
    }

    [Theory]
    [InlineData(BackendFailure.Refused, 1)]
    [InlineData(BackendFailure.DeviceAbsent, 69)]
    [InlineData(BackendFailure.Busy, 75)]
    [InlineData(BackendFailure.PinRequired, 77)]
    [InlineData(BackendFailure.LockedOut, 77)]
    public void Every_failure_of_a_device_has_its_exit_code(BackendFailure failure, int exitCode) =>
        Assert.Equal(exitCode, ExitCode.For(failure));

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("key", "--help")]
    public async Task Help_is_a_result(params string[] arguments)
    {
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync(arguments));
        Assert.NotEmpty(_surroundings.Out);
    }
}
