using System.Diagnostics;
using SecureAgent.Cli.Output;

namespace SecureAgent.Tests.Cli.Output;

public sealed class ShellTextTests
{
    [Theory]
    [InlineData("/run/user/1000/secure-agent/agent.sock")]
    [InlineData("/tmp/with space/agent.sock")]
    [InlineData("/tmp/it's \"$HOME\" `id` ; rm\\n")]
    [InlineData("/tmp/new\nline")]
    [InlineData("~/x")]
    [InlineData("#x")]
    [InlineData("")]
    public async Task A_shell_reads_back_exactly_the_text(string text)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no POSIX shell on Windows.");
        ProcessStartInfo start =
            new("/bin/sh", ["-c", $"printf %s {ShellText.Quote(text)}"]) { RedirectStandardOutput = true };
        using Process shell = Process.Start(start)!;
        Assert.Equal(text, await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_plain_path_stays_readable() => Assert.Equal("/run/a.sock", ShellText.Quote("/run/a.sock"));
}
