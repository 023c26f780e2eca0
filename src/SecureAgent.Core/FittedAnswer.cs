using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>An answer cut down to the room that a client has for it. A list loses what its client can do without:
/// certificates first, whose keys stay, then the keys that are listed last; any other answer is all or
/// SSH_AGENT_FAILURE.</summary>
/// <param name="Message">The answer that fits, without a length prefix.</param>
/// <param name="Listed">How many identities the list had; 0 if it was no list.</param>
/// <param name="Kept">How many of them it still has.</param>
public sealed record FittedAnswer(ReadOnlyMemory<byte> Message, int Listed, int Kept)
{
    private const int ListHeaderSizeBytes = 1 + sizeof(uint);

    /// <summary>Cuts <paramref name="answer"/> down.</summary>
    /// <param name="answer">The body of an answer, without its length prefix.</param>
    /// <param name="maxSizeBytes">The room for the body, at least 1.</param>
    public static FittedAnswer Fit(ReadOnlyMemory<byte> answer, int maxSizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSizeBytes, 1);
        IReadOnlyList<AgentIdentity> listed = Identities(answer);
        if (answer.Length <= maxSizeBytes)
        {
            return new FittedAnswer(answer, listed.Count, listed.Count);
        }

        ArrayBufferWriter<byte> output = new();
        if (listed.Count == 0 || maxSizeBytes < ListHeaderSizeBytes)
        {
            AgentResponse.WriteFailure(output);
            return new FittedAnswer(output.WrittenMemory, listed.Count, 0);
        }

        List<byte[]> kept = Shrink(listed, maxSizeBytes - ListHeaderSizeBytes);
        AgentResponse.WriteIdentitiesHeader(output, kept.Count);
        kept.ForEach(entry => output.Write(entry));
        return new FittedAnswer(output.WrittenMemory, listed.Count, kept.Count);
    }

    private static List<byte[]> Shrink(IReadOnlyList<AgentIdentity> listed, int room)
    {
        List<(byte[] Entry, bool IsCertificate)> left =
            [.. listed.Select(identity => (Encode(identity), CertificateKeyType.IsCertificate(identity.Blob)))];
        int size = left.Sum(identity => identity.Entry.Length);
        while (size > room)
        {
            int certificate = left.FindLastIndex(identity => identity.IsCertificate);
            int dropped = certificate >= 0 ? certificate : left.Count - 1;
            size -= left[dropped].Entry.Length;
            left.RemoveAt(dropped);
        }

        return [.. left.Select(identity => identity.Entry)];
    }

    private static byte[] Encode(AgentIdentity identity)
    {
        ArrayBufferWriter<byte> output = new();
        AgentResponse.WriteIdentity(output, identity.Blob, identity.Comment);
        return output.WrittenSpan.ToArray();
    }

    private static IReadOnlyList<AgentIdentity> Identities(ReadOnlyMemory<byte> answer)
    {
        try
        {
            return AgentResponse.DecodeIdentities(answer);
        }
        catch (WireFormatException)
        {
            return []; // Another answer, or another agent's that is no list.
        }
    }
}
