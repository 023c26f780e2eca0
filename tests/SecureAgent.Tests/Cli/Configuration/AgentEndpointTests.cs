using SecureAgent.Cli.Configuration;

namespace SecureAgent.Tests.Cli.Configuration;

public sealed class AgentEndpointTests
{
    private static readonly string Home = OperatingSystem.IsWindows() ? @"C:\home" : "/home/u";

    [Theory]
    [InlineData("/run/a.sock", "/run/a.sock")]
    [InlineData("unix:/run/a.sock", "/run/a.sock")]
    [InlineData("unix:~/a.sock", "~/a.sock")]
    public void Paths_are_made_whole(string text, string expected)
    {
        string Whole(string path) => Path.GetFullPath(path.Replace("~", Home, StringComparison.Ordinal));
        string whole = Whole(expected);
        AgentEndpoint endpoint = AgentEndpoint.Parse(text, isOption: false, Home);
        Assert.Equal(whole, endpoint.ToString());
        Assert.Equal(endpoint, AgentEndpoint.Parse(endpoint.ToString(), isOption: false, Home));
    }

    [Theory]
    [InlineData("pipe:openssh-ssh-agent", "pipe:openssh-ssh-agent")]
    [InlineData(@"\\.\pipe\openssh-ssh-agent", "pipe:openssh-ssh-agent")]
    [InlineData("//./pipe/openssh-ssh-agent", "pipe:openssh-ssh-agent")]
    [InlineData(@"pipe:\\.\pipe\x", "pipe:x")]
    [InlineData("pageant", "pageant")]
    [InlineData("pageant-pipe", "pageant-pipe")]
    [InlineData("cygwin:/a.sock", "cygwin:/a.sock")]
    public void What_is_of_Windows_is_read_there_and_refused_elsewhere(string text, string expected)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Equal(
                expected.Replace("/a.sock", Path.GetFullPath("/a.sock"), StringComparison.Ordinal),
                AgentEndpoint.Parse(text, isOption: false, Home).ToString());
        }
        else
        {
            Assert.Equal(
                $"{expected} is there on Windows only",
                Assert.Throws<FormatException>(() => AgentEndpoint.Parse(text, isOption: false, Home)).Message);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.sock")]
    [InlineData("unix:")]
    [InlineData("unix:a")]
    [InlineData("cygwin:a")]
    [InlineData("pipe:")]
    [InlineData("pipe:a/b")]
    [InlineData(@"\\server\pipe\x")]
    [InlineData(@"pipe:\\server\pipe\x")]
    public void What_names_no_agent_of_this_machine_is_refused(string text) =>
        Assert.Throws<FormatException>(() => AgentEndpoint.Parse(text, isOption: false, Home));

    [Fact]
    public void Path_of_an_option_may_begin_where_the_person_stands() =>
        Assert.Equal(Path.GetFullPath("a.sock"), AgentEndpoint.Parse("a.sock", isOption: true, Home).ToString());
}
