using System.Runtime.Versioning;
using SecureAgent.Channels.NamedPipe;
using SecureAgent.Channels.Pageant;
using SecureAgent.Channels.Windows;
using SecureAgent.Tests.Channels.NamedPipe;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.Pageant;

[SupportedOSPlatform("windows")]
public sealed class PageantPipeTests
{
    /// <summary>PuTTY gives no quality of service (windows/named-pipe-client.c).</summary>
    private const uint AsPutty = 0;

    [Fact]
    public async Task Client_that_does_as_PuTTY_finds_the_pipe_trusts_its_owner_and_is_answered()
    {
        await using ServedPipe served = await ServedPipe.StartAsync(create: (log, time) =>
            new NamedPipeChannel("pageant-pipe", PageantPipeName.OfCurrentUser(), log, time));
        for (int i = 0; i < 3; i++)
        {
            // One connection for each question, and a pipe that is another's would be passed over without a word.
            using OpenSshPipeClient client = OpenSshPipeClient.Open(PageantPipeName.OfCurrentUser(), AsPutty);
            Assert.Equal(WindowsUser.Current.Sid, ObjectOwner.Of(client.Handle));
            byte[] answer = client.Ask(i == 0 ? Requests.List : Requests.Sign(served.Key.PublicKey.Blob, [1, 2]));
            Assert.Equal(i == 0 ? 12 : 14, answer[0]);
        }

        Assert.Equal("pageant-pipe", served.Key.LastContext!.Peer.Channel);
    }

    [Fact]
    public async Task Requests_that_are_sent_ahead_are_answered_in_order()
    {
        await using ServedPipe served = await ServedPipe.StartAsync(create: (log, time) =>
            new NamedPipeChannel("pageant-pipe", PageantPipeName.OfCurrentUser(), log, time));
        using OpenSshPipeClient client = OpenSshPipeClient.Open(PageantPipeName.OfCurrentUser(), AsPutty);
        client.Write([0, 0, 0, 1, 11, 0, 0, 0, 1, 99, 0, 0, 0, 1, 11]);
        Assert.Equal("key0", Assert.Single(AgentResponse.DecodeIdentities(ReadFrame(client))).Comment);
        Assert.Equal([5], ReadFrame(client));
        Assert.Equal("key0", Assert.Single(AgentResponse.DecodeIdentities(ReadFrame(client))).Comment);
    }

    private static byte[] ReadFrame(OpenSshPipeClient client) =>
        client.Read(System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(client.Read(4)));
}
