using SecureAgent.Cli.Hosting;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed class AutostartEntryTests
{
    private const string Program = @"C:\Program Files\SecureAgent\secure-agent.exe";

    [Fact]
    public void A_path_with_spaces_is_quoted() =>
        Assert.Equal(@"""C:\Program Files\SecureAgent\secure-agent.exe"" run", AutostartEntry.CommandLine(Program));

    [Theory]
    [InlineData(@"""C:\Program Files\SecureAgent\secure-agent.exe"" run", true)]
    [InlineData(@"""D:\Old\SECURE-AGENT.EXE"" run", true)]
    [InlineData(@"""C:\Program Files\SecureAgent\secure-agent.exe"" run --verbose", false)]
    [InlineData(@"C:\secure-agent.exe run", false)]
    [InlineData(@"""C:\evil.exe"" run", false)]
    [InlineData(@"""C:\not-secure-agent.exe"" run", false)]
    [InlineData(@""" run", false)]
    [InlineData("", false)]
    public void What_this_program_wrote_is_known_wherever_it_was_then(string commandLine, bool isOurs) =>
        Assert.Equal(isOurs, AutostartEntry.IsOurs(commandLine, Program));

    [Fact]
    public async Task Elsewhere_than_on_Windows_it_names_what_does_it_there()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It works on Windows.");
        using TestSurroundings surroundings = new();
        Assert.Equal(1, await surroundings.RunAsync("autostart"));
        Assert.Contains("secure-agent systemd --install", surroundings.Error, StringComparison.Ordinal);
    }
}
