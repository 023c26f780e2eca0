using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Channels.XAgent;

/// <summary>What Xshell says before its first frame: uint32 length, byte 99, uint32 flag, uint32 size of the cookie, the
/// cookie; answered with uint32 5, byte 99 and the flag. Numbers are big-endian. Xshell's length leaves out the four
/// bytes of the cookie's size, others count them, so that nothing is made of it.</summary>
internal static class XAgentHandshake
{
    private const int HeadSizeBytes = 13;
    private const int AnswerSizeBytes = 9;
    private const byte Hello = 99;

    /// <summary>The server's side. Nothing is sent to a client that shows a wrong cookie.</summary>
    /// <param name="stream">Connected to the client.</param>
    /// <param name="cookie">What the client has to know.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Whether the client knows the cookie; <see langword="null"/> if it left before it could show.</returns>
    /// <exception cref="IOException">The client has gone.</exception>
    public static async ValueTask<bool?> AcceptAsync(
        Stream stream, ReadOnlyMemory<byte> cookie, CancellationToken ct)
    {
        byte[] head = new byte[HeadSizeBytes];
        if (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false)
            < head.Length)
        {
            return null;
        }

        if (head[4] != Hello || BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(9)) != cookie.Length)
        {
            return false;
        }

        byte[] shown = new byte[cookie.Length];
        if (await stream.ReadAtLeastAsync(shown, shown.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false)
            < shown.Length)
        {
            return null;
        }

        if (!CryptographicOperations.FixedTimeEquals(shown, cookie.Span))
        {
            return false;
        }

        byte[] answer = head[..AnswerSizeBytes];
        BinaryPrimitives.WriteInt32BigEndian(answer, AnswerSizeBytes - sizeof(int));
        await stream.WriteAsync(answer, ct).ConfigureAwait(false);
        return true;
    }
}
