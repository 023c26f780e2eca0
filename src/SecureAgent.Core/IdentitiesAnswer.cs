using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Collects an SSH_AGENT_IDENTITIES_ANSWER that does not grow beyond one message.</summary>
internal sealed class IdentitiesAnswer
{
    private const int HeaderSizeBytes = 1 + sizeof(uint);

    private readonly ArrayBufferWriter<byte> _entries = new();
    private readonly ArrayBufferWriter<byte> _entry = new();

    /// <summary>How many identities it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Appends one identity.</summary>
    /// <returns>Whether it fitted.</returns>
    public bool TryAdd(KeyBlob blob, string comment)
    {
        _entry.ResetWrittenCount();
        AgentResponse.WriteIdentity(_entry, blob, comment);
        if (_entry.WrittenCount > WireLimits.MaxMessageBytes - HeaderSizeBytes - _entries.WrittenCount)
        {
            return false;
        }

        _entries.Write(_entry.WrittenSpan);
        Count++;
        return true;
    }

    /// <summary>Writes the whole message.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        AgentResponse.WriteIdentitiesHeader(output, Count);
        output.Write(_entries.WrittenSpan);
    }
}
