using SecureAgent.Cli.Commands;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli.Commands;

public sealed class SshAgentArgumentsTests
{
    [Fact]
    public void Options_stand_together_and_values_are_attached_or_follow()
    {
        SshAgentArguments arguments = SshAgentArguments.Parse(["-sTa/run/a.sock", "-t", "1h"]);
        Assert.Same(ShellDialect.Posix, arguments.Dialect);
        Assert.True(arguments.UsesTemporaryDirectory);
        Assert.Equal("/run/a.sock", arguments.Socket);
        Assert.Equal(TimeSpan.FromHours(1), arguments.Serving.DefaultLifetime);
        Assert.Empty(arguments.Command);
    }

    [Theory]
    [InlineData("ssh,-v,--,x", "-T", "ssh", "-v", "--", "x")]
    [InlineData("-s", "-T", "--", "-s")]
    [InlineData("-", "-T", "-")]
    public void Everything_from_the_first_other_word_on_is_the_command(string command, params string[] words)
    {
        SshAgentArguments arguments = SshAgentArguments.Parse(words);
        Assert.Equal(command.Split(','), arguments.Command);
        Assert.True(arguments.UsesTemporaryDirectory);
    }

    [Fact]
    public void What_is_said_about_serving_reaches_the_agent()
    {
        SshAgentArguments arguments = SshAgentArguments.Parse(
            ["-O", "allow-remote-pkcs11", "-Owebsafe-allow=ssh:*,example.org", "-P", "/usr/lib/*", "-E", "sha256"]);
        Assert.Equal(ForwardedRights.Providers, arguments.Serving.Forwarded);
        Assert.Equal(["ssh:*", "example.org"], arguments.Serving.WebSafeApplications);
        Assert.Equal("/usr/lib/*", arguments.Serving.AllowedProviders);
        Assert.Null(arguments.Serving.DefaultLifetime);

        Assert.Equal(["*"], SshAgentArguments.Parse(["-O", "no-restrict-websafe"]).Serving.WebSafeApplications);
        Assert.Null(SshAgentArguments.Parse(["-t", "0"]).Serving.DefaultLifetime);
    }

    [Fact]
    public void The_agent_in_the_background_gets_the_options_and_not_the_command()
    {
        SshAgentArguments front = SshAgentArguments.Parse(["-T", "-t", "5m", "ssh", "host"]);
        SshAgentArguments companion = SshAgentArguments.Parse(front.For(SshAgentRole.Companion));
        Assert.Equal(SshAgentRole.Companion, companion.Role);
        Assert.Equal(["-T", "-t", "5m"], companion.Options);
        Assert.Empty(companion.Command);
    }

    [Theory]
    [InlineData("-O", "websafe-allow=*,!bank")]
    [InlineData("-O", "websafe-allow=a", "-O", "websafe-allow=b")]
    public void A_value_that_cannot_be_used_is_fatal(params string[] words)
    {
        SshAgentUsageException wrong =
            Assert.Throws<SshAgentUsageException>(() => SshAgentArguments.Parse(words));
        Assert.Equal(255, wrong.ExitCode);
    }

    [Theory]
    [InlineData("-c", "--pwsh")]
    [InlineData("--cmd", "--pwsh")]
    [InlineData("--cmd", "true")]
    [InlineData("-u", "true")]
    public void Options_that_do_not_go_together_show_the_usage(params string[] words)
    {
        SshAgentUsageException wrong =
            Assert.Throws<SshAgentUsageException>(() => SshAgentArguments.Parse(words));
        Assert.True(wrong.ShowsUsage);
    }
}
