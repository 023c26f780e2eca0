using SecureAgent.Channels.Relay;

namespace SecureAgent.Tests.Channels.Relay;

public sealed class AgentSpliceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DuplexStream _client;
    private readonly DuplexStream _agent;
    private readonly Task _splice;

    public AgentSpliceTests()
    {
        (_client, DuplexStream near) = DuplexStream.Pair();
        (DuplexStream far, _agent) = DuplexStream.Pair();
        _splice = AgentSplice.RunAsync(near, near, far, TestContext.Current.CancellationToken);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _agent.Dispose();
    }

    [Fact]
    public async Task Every_byte_passes_as_it_is_and_at_once()
    {
        byte[] request = Frame([.. Enumerable.Range(0, 256).Select(value => (byte)value), (byte)'\r', (byte)'\n', 0x1a]);
        foreach (byte value in request)
        {
            await _client.WriteAsync(new byte[] { value }, Ct);
            Assert.Equal([value], await ReadAsync(_agent, 1));
        }

        await _agent.WriteAsync(request, Ct);
        Assert.Equal(request, await ReadAsync(_client, request.Length));
    }

    [Fact]
    public async Task When_the_client_asks_no_more_the_answers_that_are_due_still_come()
    {
        await _client.WriteAsync((byte[])[.. Frame([11]), .. Frame([13, 1])], Ct);
        await ReadAsync(_agent, 11);
        _client.EndWriting();
        await _agent.WriteAsync(Frame([12, 0, 0, 0, 0]), Ct);
        await ReadAsync(_client, 9);
        Assert.False(_splice.IsCompleted);

        await _agent.WriteAsync(Frame([14, 1, 2]), Ct);

        Assert.Equal(Frame([14, 1, 2]), await ReadAsync(_client, 7));
        await _splice.WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task A_request_that_the_client_does_not_complete_is_not_waited_for()
    {
        await _client.WriteAsync((byte[])[0, 0, 0, 9, 11], Ct);
        await ReadAsync(_agent, 5);
        _client.EndWriting();
        await _splice.WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task Nor_is_anything_after_a_length_that_no_request_has()
    {
        await _client.WriteAsync((byte[])[.. Frame([11]), 0, 0, 0, 0], Ct);
        await ReadAsync(_agent, 9);
        _client.EndWriting();
        await _splice.WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task When_the_agent_closes_it_is_over_though_the_client_stays()
    {
        await _client.WriteAsync(Frame([11]), Ct);
        await ReadAsync(_agent, 5);
        await _agent.WriteAsync(Frame([5]), Ct);
        _agent.EndWriting();
        await _splice.WaitAsync(Patience, Ct);
        Assert.Equal(Frame([5]), await ReadAsync(_client, 5));
    }

    private static byte[] Frame(byte[] body) => [0, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static async Task<byte[]> ReadAsync(Stream stream, int count)
    {
        byte[] bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, Ct).AsTask().WaitAsync(Patience, Ct);
        return bytes;
    }
}
