using SecureAgent.Channels.NamedPipe;

namespace SecureAgent.Tests.Channels.NamedPipe;

public sealed class PipeNameTests
{
    [Theory]
    [InlineData("openssh-ssh-agent", @"\\.\pipe\openssh-ssh-agent")]
    [InlineData("//./pipe/openssh-ssh-agent", @"\\.\pipe\openssh-ssh-agent")]
    [InlineData(@"\\.\pipe\openssh-ssh-agent", @"\\.\pipe\openssh-ssh-agent")]
    [InlineData(@"\\.\PIPE\x", @"\\.\PIPE\x")]
    public void Name_is_completed(string given, string expected) => Assert.Equal(expected, PipeName.Complete(given));

    [Theory]
    [InlineData("")]
    [InlineData(@"\\.\pipe\")]
    [InlineData(@"\\server\pipe\openssh-ssh-agent")]
    [InlineData("//server/pipe/openssh-ssh-agent")]
    [InlineData(@"C:\agent")]
    public void Name_that_is_no_pipe_of_this_machine_is_refused(string given) =>
        Assert.Throws<ArgumentException>(() => PipeName.Complete(given));

    [Fact]
    public void Each_user_has_a_name_of_his_own() =>
        Assert.Equal(@"\\.\pipe\secure-agent.S-1-5-21-1-2-3-1001", PipeName.ForUser("S-1-5-21-1-2-3-1001"));
}
