using System.Buffers.Binary;
using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>One question to another agent and its answer, as the client side of RFC 9987.</summary>
public static class AgentExchange
{
    /// <summary>Sends <paramref name="message"/> and reads the answer. If it throws, the stream is in the middle of
    /// something and must be closed.</summary>
    /// <param name="stream">A connection on which no answer is due.</param>
    /// <param name="message">The message without its length prefix; the copy that is made of it is zeroed.</param>
    /// <param name="ct">Cancels the waiting.</param>
    /// <returns>The answer without its length prefix; never empty.</returns>
    /// <exception cref="IOException">The agent hung up.</exception>
    /// <exception cref="WireFormatException">The answer's length is impossible.</exception>
    public static async ValueTask<byte[]> AskAsync(Stream stream, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] frame = GC.AllocateUninitializedArray<byte>(sizeof(uint) + message.Length, pinned: true);
        try
        {
            BinaryPrimitives.WriteInt32BigEndian(frame, message.Length);
            message.CopyTo(frame.AsMemory(sizeof(uint)));
            await stream.WriteAsync(frame, ct).ConfigureAwait(false);
            await stream.FlushAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(frame);
        }

        byte[] head = new byte[sizeof(uint)];
        await stream.ReadExactlyAsync(head, ct).ConfigureAwait(false);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length is 0 or > WireLimits.MaxMessageBytes)
        {
            throw new WireFormatException($"The agent's answer has a length of {length} bytes.");
        }

        byte[] answer = new byte[length];
        await stream.ReadExactlyAsync(answer, ct).ConfigureAwait(false);
        return answer;
    }
}
