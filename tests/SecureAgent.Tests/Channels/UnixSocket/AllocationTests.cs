using System.Net.Sockets;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.UnixSocket;

/// <summary>Counts what the whole process allocates, so that nothing else may run meanwhile.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
[Collection("alone")]
public sealed class AllocationTests
{
    private const int Requests = 5_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Warm_lists_over_a_connection_allocate_nothing(bool twoWrites)
    {
        await using ServedAgent served = await ServedAgent.StartAsync(TestKey.Ed25519(), TestKey.Rsa());
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(served.Socket));
        byte[] answer = new byte[served.Agent.Identities.Current.ListAnswer.Length + 4];
        Ask(Requests);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Ask(Requests);
        long perRequest = (GC.GetTotalAllocatedBytes(precise: true) - before) / Requests;
        Assert.InRange(perRequest, 0, 8); // The runtime's own threads may allocate a little meanwhile.

        void Ask(int count)
        {
            for (int i = 0; i < count; i++)
            {
                if (twoWrites)
                {
                    client.Send([0, 0, 0, 1]);
                    client.Send([11]);
                }
                else
                {
                    client.Send([0, 0, 0, 1, 11]);
                }

                for (int received = 0; received < answer.Length;)
                {
                    received += client.Receive(answer.AsSpan(received));
                }
            }
        }
    }
}
