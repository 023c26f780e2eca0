using System.Buffers;

namespace SecureAgent.Core;

/// <summary>The agent as one connection sees it: bytes of a request in, bytes of its answer out, one request after the
/// other.</summary>
public interface IAgentSession : IDisposable
{
    /// <summary>Whether the answer takes some microseconds and can be made on the spot. Only a guess, so that a channel
    /// can tell what would keep others waiting; nothing depends on it but time.</summary>
    /// <param name="request">As for <see cref="HandleAsync"/>.</param>
    bool IsQuick(ReadOnlySequence<byte> request);

    /// <summary>Answers one request.</summary>
    /// <param name="request">The body of the message, without its length prefix; read until the answer is
    /// complete.</param>
    /// <param name="response">Takes exactly one body of an answer, without a length prefix.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled; nothing was
    /// written.</exception>
    ValueTask HandleAsync(ReadOnlySequence<byte> request, IBufferWriter<byte> response, CancellationToken ct);
}
