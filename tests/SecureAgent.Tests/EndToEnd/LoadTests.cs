using System.Text;

namespace SecureAgent.Tests.EndToEnd;

public sealed class LoadTests
{
    private const int Clients = 500;

    [Theory]
    [MemberData(nameof(Matrix.Agents), MemberType = typeof(Matrix))]
    public async Task Five_hundred_clients_at_once_list_and_sign_without_a_failure(AgentKind agent)
    {
        Needs.Agent(agent);
        await using AgentWorld world = await StartAsync(agent);
        string file = world.PublicKeyFile(KeyKind.EcdsaWithPin);
        byte[] blob = Convert.FromBase64String(File.ReadAllText(file).Split(' ')[1]);
        List<AgentSocket> clients = [];
        try
        {
            // All are connected before the first one asks.
            for (int i = 0; i < Clients; i++)
            {
                clients.Add(AgentSocket.Connect(world.Socket));
            }

            IEnumerable<Task> uses = clients.Select((client, number) => UseAsync(client, blob, number));
            await Task.WhenAll(uses).WaitAsync(Deadline.Span * 2, TestContext.Current.CancellationToken);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        (await world.Client.SshAddAsync("-l")).Succeeded();
    }

    // The control's key of that name has no PIN either.
    private static Task<AgentWorld> StartAsync(AgentKind agent) =>
        agent == AgentKind.OpenSsh
            ? AgentWorld.StartAsync(agent)
            : AgentWorld.StartTpmOnlyAsync(agent, async world =>
            {
                string name = AgentWorld.Name(KeyKind.EcdsaWithPin);
                await world.RunAsync("key", "new", name, "--in", "tpm", "--type", "ecdsa-256");
                await world.StartProgramAsync(world.Home.Environment);
                await world.ListedAsync(name);
            });

    private static async Task UseAsync(AgentSocket client, byte[] blob, int number)
    {
        byte[] listed = await client.AskAsync([AgentSocket.SSH_AGENTC_REQUEST_IDENTITIES]);
        Assert.Equal(AgentSocket.SSH_AGENT_IDENTITIES_ANSWER, listed[0]);
        Assert.True(listed.AsSpan().IndexOf(blob) > 0, "the key is not in the list");

        byte[] data = Encoding.UTF8.GetBytes($"data of client {number}");
        byte[] answer = await client.AskAsync(AgentSocket.SignRequest(blob, data, flags: 0));
        Assert.Equal(AgentSocket.SSH_AGENT_SIGN_RESPONSE, answer[0]);
        Assert.True(EcdsaSignature.Verify(blob, data, answer), $"the signature for client {number} is wrong");
    }
}
