using System.Diagnostics;
using SecureAgent.Cli;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed class SystemdUnitsTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();

    public SystemdUnitsTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is of Linux.");
        _surroundings.Environment["XDG_RUNTIME_DIR"] = Path.Combine(_surroundings.Home, "run");
    }

    private string Units => Path.Combine(_surroundings.Home, ".config", "systemd", "user");

    public void Dispose() => _surroundings.Dispose();

    [Theory]
    [InlineData("tbs")]
    [InlineData("swtpm:host=127.0.0.1,port=2321")]
    public async Task Systemd_has_nothing_to_say_about_what_is_installed(string tcti)
    {
        string analyze = Requires.Tool("systemd-analyze");
        Directory.CreateDirectory(Path.Combine(_surroundings.Home, "run"));
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync("systemd", "--install", "--tpm", tcti));
        ProcessStartInfo start = new(
            analyze,
            [
                "verify", "--user",
                Path.Combine(Units, "secure-agent.socket"), Path.Combine(Units, "secure-agent.service"),
            ])
        {
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = _surroundings.Home;
        start.Environment["XDG_RUNTIME_DIR"] = _surroundings.Environment["XDG_RUNTIME_DIR"];
        using Process verify = Process.Start(start)!;
        string said = await verify.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await verify.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, verify.ExitCode);
        Assert.DoesNotContain("secure-agent", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_is_the_one_of_the_configuration_and_every_directory_is_there()
    {
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync("systemd", "--install"));
        string socket = await File.ReadAllTextAsync(
            Path.Combine(Units, "secure-agent.socket"), TestContext.Current.CancellationToken);
        Assert.Contains("\nListenStream=%t/secure-agent/agent.sock\n", socket, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(_surroundings.Home, ".local", "state", "secure-agent")));
        Assert.True(Directory.Exists(Path.Combine(_surroundings.Home, ".local", "share", "secure-agent", "keys")));
    }

    [Fact]
    public async Task Uninstalling_leaves_no_unit()
    {
        await _surroundings.RunAsync("systemd", "--install");
        Assert.Equal(2, Directory.GetFiles(Units).Length);
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync("systemd", "--uninstall"));
        Assert.Empty(Directory.GetFiles(Units));
    }

    [Theory]
    [InlineData("--install")]
    [InlineData("--uninstall")]
    public async Task A_unit_of_somebody_elses_is_left_alone(string option)
    {
        string path = _surroundings.Write(".config/systemd/user/secure-agent.service", "[Service]\n");
        Assert.Equal(ExitCode.Failed, await _surroundings.RunAsync("systemd", option));
        Assert.Equal(
            "[Service]\n", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Contains(path, _surroundings.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Printing_writes_nothing()
    {
        Assert.Equal(ExitCode.Done, await _surroundings.RunAsync("systemd"));
        Assert.Contains("\nNoNewPrivileges=yes\n", _surroundings.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Units));
    }
}
