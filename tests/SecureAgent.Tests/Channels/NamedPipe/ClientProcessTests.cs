using SecureAgent.Channels.NamedPipe;

namespace SecureAgent.Tests.Channels.NamedPipe;

public sealed class ClientProcessTests
{
    private const long Connected = 1000;

    [Fact]
    public void Process_that_stays_the_same_shows_its_user() =>
        Assert.Equal("me", ClientProcess.UserOf(Connected, () => 7, _ => ("me", 900)));

    [Fact]
    public void Process_that_is_younger_than_the_connection_is_not_the_client() =>
        Assert.Null(ClientProcess.UserOf(Connected, () => 7, _ => ("me", 1001)));

    [Fact]
    public void Id_that_is_given_to_another_process_meanwhile_counts_for_nothing()
    {
        Queue<(string, long)?> processes = new([("me", 900), ("me", 950)]);
        Assert.Null(ClientProcess.UserOf(Connected, () => 7, _ => processes.Dequeue()));
        Queue<int> ids = new([7, 8]);
        Assert.Null(ClientProcess.UserOf(Connected, ids.Dequeue, _ => ("me", 900)));
    }

    [Fact]
    public void Process_that_cannot_be_asked_is_nobody()
    {
        Assert.Null(ClientProcess.UserOf(Connected, () => 0, _ => ("me", 900)));
        Assert.Null(ClientProcess.UserOf(Connected, () => 7, _ => null));
        Assert.Null(ClientProcess.UserOf(Connected, () => 7, _ => ("me", 0))); // Its start is unknown.
    }
}
