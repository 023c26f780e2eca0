using System.Runtime.Versioning;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Tests.Cli.Hosting;

[SupportedOSPlatform("windows")]
public sealed class AgentInstanceTests
{
    private readonly string _name = $@"Local\secure-agent.test.{Guid.NewGuid():N}";

    public AgentInstanceTests() => Requires.Windows("named mutexes");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_second_learns_where_the_first_serves()
    {
        using AgentInstance first = AgentInstance.Claim(_name);
        using AgentInstance second = AgentInstance.Claim(_name);
        Assert.True(first.IsFirst);
        Assert.False(second.IsFirst);
        Task<IReadOnlyList<string>> reading = second.ReadAsync(Ct);
        Assert.False(reading.IsCompleted);
        first.Publish([@"\\.\pipe\openssh-ssh-agent", "ä"]);
        Assert.Equal([@"\\.\pipe\openssh-ssh-agent", "ä"], await reading);
    }

    [Fact]
    public void When_the_first_has_gone_the_next_is_the_first()
    {
        AgentInstance.Claim(_name).Dispose();
        using AgentInstance next = AgentInstance.Claim(_name);
        Assert.True(next.IsFirst);
    }

    [Fact]
    public void Each_user_has_a_name_of_his_own() =>
        Assert.Matches(@"^Local\\secure-agent\.S-1-[0-9-]+$", AgentInstance.Name());
}
