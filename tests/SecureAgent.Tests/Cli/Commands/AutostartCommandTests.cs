using System.Runtime.Versioning;
using SecureAgent.Cli;
using SecureAgent.Cli.Commands;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Tests.Cli.Commands;

[SupportedOSPlatform("windows")]
public sealed class AutostartCommandTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();
    private readonly string _name = $"SecureAgent test {Guid.NewGuid():N}";

    public AutostartCommandTests() => Requires.Windows("the registry");

    public void Dispose()
    {
        if (OperatingSystem.IsWindows())
        {
            AutostartRegistry.Delete(_name);
        }

        _surroundings.Dispose();
    }

    [Fact]
    public void It_writes_the_entry_says_so_and_takes_it_back()
    {
        string expected = $"\"{Environment.ProcessPath}\" run";
        Assert.Equal(ExitCode.Done, Run(undo: false));
        Assert.Equal(expected, AutostartRegistry.Read(_name));
        Assert.Contains($"Wrote {AutostartRegistry.PathOf(_name)} = {expected}", _surroundings.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, Run(undo: false));
        Assert.Equal(ExitCode.Done, Run(undo: true));
        Assert.Null(AutostartRegistry.Read(_name));
        Assert.Equal(ExitCode.Done, Run(undo: true));
        Assert.Contains("There is no ", _surroundings.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_somebody_else_wrote_stays(bool undo)
    {
        AutostartRegistry.Write(_name, "other.exe");
        CommandException refused = Assert.Throws<CommandException>(() => Run(undo));
        Assert.Contains("other.exe", refused.Message, StringComparison.Ordinal);
        Assert.Equal("other.exe", AutostartRegistry.Read(_name));
    }

    private int Run(bool undo) => AutostartCommand.Run(_name, undo, _surroundings.Value);
}
