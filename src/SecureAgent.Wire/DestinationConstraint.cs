using System.Buffers;

namespace SecureAgent.Wire;

/// <summary>One permitted hop of a destination-constrained key (OpenSSH, PROTOCOL.agent section 2):
/// <c>string (string from, string to, string reserved)</c>.</summary>
/// <param name="From">Where the use may come from. No host name and no keys: this machine.</param>
/// <param name="To">Where it may log in: a host name and at least one key.</param>
public sealed record DestinationConstraint(DestinationHop From, DestinationHop To)
{
    /// <summary>Decodes one constraint.</summary>
    /// <exception cref="WireFormatException">It does not parse, has reserved content, or names no complete
    /// hops.</exception>
    internal static DestinationConstraint Read(ref WireReader list)
    {
        WireReader reader = new(list.ReadStringMemory("destination constraint"));
        ReadOnlyMemory<byte> from = reader.ReadStringMemory("destination constraint from");
        ReadOnlyMemory<byte> to = reader.ReadStringMemory("destination constraint to");
        if (!reader.ReadString("destination constraint reserved").IsEmpty)
        {
            throw new WireFormatException("destination constraint reserved: not empty");
        }

        reader.RequireEnd("destination constraint");
        DestinationConstraint constraint = new(DestinationHop.Decode(from), DestinationHop.Decode(to));
        bool fromNamed = constraint.From.HostName.Length > 0;
        bool fromKeyed = constraint.From.Keys.Count > 0;
        if (constraint.From.User.Length > 0 || fromNamed != fromKeyed)
        {
            throw new WireFormatException(
                "destination constraint from: has a user, or has only one of host name and keys");
        }

        if (constraint.To.HostName.Length == 0 || constraint.To.Keys.Count == 0)
        {
            throw new WireFormatException("destination constraint to: has no host name or no keys");
        }

        return constraint;
    }

    /// <summary>Appends its encoding.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        ArrayBufferWriter<byte> from = new();
        From.Write(from);
        ArrayBufferWriter<byte> to = new();
        To.Write(to);
        ArrayBufferWriter<byte> body = new();
        WireWriter writer = new(body);
        writer.WriteString(from.WrittenSpan);
        writer.WriteString(to.WrittenSpan);
        writer.WriteString(default);
        new WireWriter(output).WriteString(body.WrittenSpan);
    }
}

/// <summary>One end of a hop: <c>string user, string host name, string reserved</c>, then key specifications to the
/// end.</summary>
/// <param name="User">User name pattern; empty for any.</param>
/// <param name="HostName">Host name as the user wrote it, for people; the keys decide.</param>
/// <param name="Keys">Host keys, or keys of authorities that certify host keys.</param>
public sealed record DestinationHop(string User, string HostName, IReadOnlyList<KeySpecification> Keys)
{
    /// <summary>Decodes one end.</summary>
    /// <exception cref="WireFormatException">It does not parse, has reserved content, or a key is none.</exception>
    internal static DestinationHop Decode(ReadOnlyMemory<byte> bytes)
    {
        WireReader reader = new(bytes);
        string user = reader.ReadUtf8("destination user", WireLimits.MaxUserPatternBytes);
        string hostName = reader.ReadUtf8("destination host name", WireLimits.MaxMessageBytes);
        if (!reader.ReadString("destination reserved").IsEmpty)
        {
            throw new WireFormatException("destination reserved: not empty");
        }

        List<KeySpecification> keys = [];
        while (reader.Remaining > 0)
        {
            KeyBlob key = new(reader.ReadStringMemory("destination key"));
            _ = PublicKey.DecodeKeyOrCertificate(key);
            keys.Add(new KeySpecification(key, reader.ReadBoolean("destination key is CA")));
        }

        return new DestinationHop(user, hostName, keys);
    }

    /// <summary>Appends its encoding, without a length before it.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        WireWriter writer = new(output);
        writer.WriteUtf8(User);
        writer.WriteUtf8(HostName);
        writer.WriteString(default);
        foreach (KeySpecification key in Keys)
        {
            writer.WriteString(key.Key.Span);
            writer.WriteBoolean(key.IsCa);
        }
    }
}

/// <summary>A key of a hop.</summary>
/// <param name="Key">A host key, or the key of an authority.</param>
/// <param name="IsCa">Whether it is an authority's.</param>
public readonly record struct KeySpecification(KeyBlob Key, bool IsCa);
