using System.Buffers;

namespace SecureAgent.Channels;

/// <summary>Answers one request, as <see cref="Core.AgentSession.HandleAsync"/> does.</summary>
/// <param name="request">The body of the frame; valid until the answer is complete.</param>
/// <param name="response">Takes the body of the answer.</param>
/// <param name="ct">Cancelled when the client has gone.</param>
public delegate ValueTask RequestHandler(
    ReadOnlySequence<byte> request, IBufferWriter<byte> response, CancellationToken ct);
