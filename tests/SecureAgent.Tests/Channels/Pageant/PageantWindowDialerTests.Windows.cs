using System.Runtime.Versioning;
using SecureAgent.Channels.Pageant;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.Pageant;

[SupportedOSPlatform("windows")]
[Collection(PageantWindowChannelTests.CollectionName)]
public sealed class PageantWindowDialerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_connections_list_and_sign_one_request_after_the_other()
    {
        SkipElsewhere();
        TestKey key = TestKey.Ed25519();
        await using ServedPageant served = await ServedPageant.StartAsync(key);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            await using Stream stream = await new PageantWindowDialer().ConnectAsync(Test);
            byte[] list = await AgentExchange.AskAsync(stream, Requests.List, Test);
            Assert.Equal("key0", Assert.Single(AgentResponse.DecodeIdentities(list)).Comment);
            byte[] sign = Requests.Sign(key.PublicKey.Blob, [1, 2]);
            byte[] signature = await AgentExchange.AskAsync(stream, sign, Test);
            Assert.Equal(AgentMessageType.SSH_AGENT_SIGN_RESPONSE, AgentResponse.TypeOf(signature));
        }))).WaitAsync(Patience, Test);
    }

    [Fact]
    public async Task Frames_may_come_in_any_pieces_and_several_at_once()
    {
        SkipElsewhere();
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        await using Stream stream = await new PageantWindowDialer().ConnectAsync(Test);
        byte[] two = [0, 0, 0, 1, 11, 0, 0, 0, 1, 11];
        foreach (byte[] piece in two.Chunk(1).Concat([two]))
        {
            await stream.WriteAsync(piece, Test);
        }

        for (int i = 0; i < 4; i++)
        {
            byte[] head = new byte[5];
            await stream.ReadExactlyAsync(head, Test);
            Assert.Equal(12, head[4]);
            await stream.ReadExactlyAsync(new byte[head[3] - 1], Test);
        }
    }

    [Fact]
    public async Task Frame_that_no_mapping_can_hold_is_a_failure_and_one_of_no_length_an_error()
    {
        SkipElsewhere();
        await using ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519());
        await using Stream stream = await new PageantWindowDialer().ConnectAsync(Test);
        Assert.Equal([5], await AgentExchange.AskAsync(stream, new byte[262141], Test));
        byte[] largest = await AgentExchange.AskAsync(stream, new byte[262140], Test);
        Assert.Equal([5], largest);
        await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync(new byte[5], Test));
    }

    [Fact]
    public async Task Pageant_that_is_not_there_is_told()
    {
        SkipElsewhere();
        await Assert.ThrowsAsync<ChannelException>(async () => await new PageantWindowDialer().ConnectAsync(Test));
    }

    [Fact]
    public async Task Pageant_that_ends_is_an_error_of_the_connection()
    {
        SkipElsewhere();
        Stream stream;
        await using (ServedPageant served = await ServedPageant.StartAsync(TestKey.Ed25519()))
        {
            stream = await new PageantWindowDialer().ConnectAsync(Test);
        }

        await using (stream)
        {
            await Assert.ThrowsAsync<IOException>(
                async () => await AgentExchange.AskAsync(stream, Requests.List, Test));
        }
    }

    private static void SkipElsewhere() =>
        Requires.Windows("a Pageant window");
}
