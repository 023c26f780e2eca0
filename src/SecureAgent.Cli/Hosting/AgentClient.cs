using System.Buffers;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Hosting;

/// <summary>Asks a running agent.</summary>
internal sealed class AgentClient : IAsyncDisposable
{
    private readonly Stream _stream;

    private AgentClient(Stream stream) => _stream = stream;

    /// <summary>Connects.</summary>
    /// <exception cref="ChannelException">No agent is there.</exception>
    public static async Task<AgentClient> ConnectAsync(IAgentDialer dialer, CancellationToken ct) =>
        new(await dialer.ConnectAsync(ct).ConfigureAwait(false));

    /// <summary>The keys and certificates that it lists.</summary>
    /// <exception cref="WireFormatException">It answers something else.</exception>
    /// <exception cref="IOException">It hung up.</exception>
    public async Task<IReadOnlyList<AgentIdentity>> ListAsync(CancellationToken ct) =>
        AgentResponse.DecodeIdentities(
            await AskAsync(AgentRequest.RequestIdentities.Instance, ct).ConfigureAwait(false));

    /// <summary>The extensions that it has.</summary>
    /// <returns>Their names; <see langword="null"/> if it refuses to say.</returns>
    /// <exception cref="WireFormatException">It answers something else.</exception>
    /// <exception cref="IOException">It hung up.</exception>
    public async Task<IReadOnlyList<string>?> QueryAsync(CancellationToken ct)
    {
        AgentRequest query = new AgentRequest.Extension(AgentRequest.Extension.Query, default);
        ReadOnlyMemory<byte> answer = await AskAsync(query, ct).ConfigureAwait(false);
        return AgentResponse.TypeOf(answer)
            is AgentMessageType.SSH_AGENT_FAILURE or AgentMessageType.SSH_AGENT_EXTENSION_FAILURE
            ? null
            : AgentResponse.DecodeQueryResponse(answer);
    }

    /// <summary>Looks at the agent's process.</summary>
    /// <returns>Whether it is this program, and what it could not do for its own protection, one sentence
    /// each.</returns>
    public (bool IsSecureAgent, IReadOnlyList<string> Weaknesses) Inspect() => AgentProcess.Inspect(_stream);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<ReadOnlyMemory<byte>> AskAsync(AgentRequest request, CancellationToken ct)
    {
        ArrayBufferWriter<byte> message = new();
        request.Write(message);
        return await AgentExchange.AskAsync(_stream, message.WrittenMemory, ct).ConfigureAwait(false);
    }
}
