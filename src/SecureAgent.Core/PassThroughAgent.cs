using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>An agent without keys, which passes everything to another one, byte for byte. Each client has its own
/// connection there, so that what it binds holds for it alone; the connection is made for its first request, and once
/// more, with the same binds, if it was lost.</summary>
public sealed class PassThroughAgent : IAgent
{
    private readonly string _name;
    private readonly UpstreamState _state;
    private readonly Func<PeerInfo, IAgentDialer> _dialerFor;
    private readonly TimeProvider _time;

    /// <summary>Creates it.</summary>
    /// <param name="name">What messages call the other agent.</param>
    /// <param name="dialerFor">The way there for a client.</param>
    /// <param name="log">Is told when the other agent cannot be reached, and when it can again.</param>
    /// <param name="time">The clock.</param>
    public PassThroughAgent(
        string name, Func<PeerInfo, IAgentDialer> dialerFor, IAgentLog log, TimeProvider time) =>
        (_name, _state, _dialerFor, _time) = (name, new UpstreamState(name, log), dialerFor, time);

    /// <inheritdoc/>
    public IAgentSession OpenSession(PeerInfo peer)
    {
#pragma warning disable CA2000 // The session disposes it.
        UpstreamConnection connection = new(new Upstream(_name, _dialerFor(peer)), _state, _time);
#pragma warning restore CA2000
        return new Session(connection);
    }

    private sealed class Session(UpstreamConnection connection) : IAgentSession
    {
        public bool IsQuick(ReadOnlySequence<byte> request) => false;

        public async ValueTask HandleAsync(
            ReadOnlySequence<byte> request, IBufferWriter<byte> response, CancellationToken ct)
        {
            ReadOnlyMemory<byte> message = request.IsSingleSegment ? request.First : request.ToArray();
            byte[]? answer = IsBind(message)
                ? await connection.AskBindAsync(message, ct).ConfigureAwait(false)
                : await connection.AskAsync(message, ct).ConfigureAwait(false);
            if (answer is null)
            {
                AgentResponse.WriteFailure(response);
            }
            else
            {
                response.Write(answer);
            }
        }

        public void Dispose() => connection.Dispose();

        private static bool IsBind(ReadOnlyMemory<byte> message)
        {
            try
            {
                return message.Span[0] == (byte)AgentMessageType.SSH_AGENTC_EXTENSION
                    && AgentRequest.Decode(message) is AgentRequest.Extension { Name: SessionBind.ExtensionName };
            }
            catch (WireFormatException)
            {
                return false; // The other agent says so.
            }
        }
    }
}
