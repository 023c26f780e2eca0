using SecureAgent.Backends.Memory;
using SecureAgent.Channels.Windows;
using SecureAgent.Channels.XAgent;
using SecureAgent.Core;
using SecureAgent.Tests.Channels.Windows;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.XAgent;

public sealed class XAgentChannelTests
{
    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Xshell_lists_and_signs_without_flags()
    {
        await using ServedXAgent served = await ServedXAgent.StartAsync();
        using XshellClient client = served.Connect();
        Assert.Equal(1, client.Greeted());

        Assert.Single(AgentResponse.DecodeIdentities(client.Ask(Requests.List)));
        byte[] request = Requests.Sign(served.Key.PublicKey.Blob, [1, 2, 3]);
        byte[] answer = client.Ask(request[..^4]);

        Assert.Equal(14, answer[0]);
        Assert.Equal(served.Sign.Port, served.Peers.Asked!.Value.Own.Port);
        Assert.Matches("^[A-Za-z0-9]{7}$", served.Sign.Cookie);
    }

    [Fact]
    public async Task Who_does_not_know_the_cookie_gets_no_byte()
    {
        await using ServedXAgent served = await ServedXAgent.StartAsync();
        foreach (string cookie in (string[])["", "AAAAAAA", served.Sign.Cookie[..6], served.Sign.Cookie + "A"])
        {
            using XshellClient client = new(served.Sign.Port);
            client.Greet(cookie);
            Assert.True(client.IsClosed());
        }

        Assert.Contains("does not know the cookie", served.Refused().Message, StringComparison.Ordinal);
        Assert.Null(served.Peers.Asked);
    }

    [Fact]
    public async Task Process_of_another_user_is_refused_though_it_knows_the_cookie()
    {
        await using ServedXAgent served = await ServedXAgent.StartAsync();
        served.Peers.Peer = new TcpPeer(4243, "S-1-5-21-2", IsTrusted: false);
        using XshellClient client = served.Connect();
        Assert.Equal(1, client.Greeted());
        Assert.True(client.IsClosed());
        Assert.Contains("process 4243 is not yours", served.Refused().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Windows_go_with_the_agent()
    {
        ServedXAgent served = await ServedXAgent.StartAsync();
        Assert.False(served.Sign.IsDown);
        await served.DisposeAsync();
        Assert.True(served.Sign.IsDown);
    }

    [Fact]
    public async Task Elsewhere_than_on_Windows_the_channel_says_so()
    {
        Requires.Linux("a system without windows");
        XAgentChannel channel = new(new RecordingLog(), TimeProvider.System);
        using SshAgent agent = new([], new TestPrompter(), new RecordingLog(), new LockedMemory(), TimeProvider.System);
        ChannelException error =
            await Assert.ThrowsAsync<ChannelException>(() => channel.RunAsync(agent, Test));
        Assert.Contains("needs Windows", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChannelException>(() => channel.Listening);
    }
}
