using System.Buffers;

namespace SecureAgent.Wire;

/// <summary>A constraint on a key that is added (RFC 9987, "Key constraints"; OpenSSH, PROTOCOL.agent). A list of them
/// never holds the same one twice.</summary>
public abstract record KeyConstraint
{
    /// <summary>SSH_AGENT_CONSTRAIN_LIFETIME.</summary>
    internal const byte SSH_AGENT_CONSTRAIN_LIFETIME = 1;

    /// <summary>SSH_AGENT_CONSTRAIN_CONFIRM.</summary>
    internal const byte SSH_AGENT_CONSTRAIN_CONFIRM = 2;

    /// <summary>SSH_AGENT_CONSTRAIN_MAXSIGN.</summary>
    internal const byte SSH_AGENT_CONSTRAIN_MAXSIGN = 3;

    /// <summary>SSH_AGENT_CONSTRAIN_EXTENSION.</summary>
    internal const byte SSH_AGENT_CONSTRAIN_EXTENSION = 255;

    private protected KeyConstraint()
    {
    }

    /// <summary>Appends its encoding, byte for byte as it was decoded.</summary>
    public abstract void Write(IBufferWriter<byte> output);

    /// <summary>Appends the head of an extension constraint.</summary>
    private protected static WireWriter WriteExtension(IBufferWriter<byte> output, string name)
    {
        WireWriter writer = new(output);
        writer.WriteByte(SSH_AGENT_CONSTRAIN_EXTENSION);
        writer.WriteUtf8(name);
        return writer;
    }

    /// <summary>Remove the key after a time.</summary>
    /// <param name="Seconds">Since it was added.</param>
    public sealed record Lifetime(uint Seconds) : KeyConstraint
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = new(output);
            writer.WriteByte(SSH_AGENT_CONSTRAIN_LIFETIME);
            writer.WriteUInt32(Seconds);
        }
    }

    /// <summary>Ask the person at each use.</summary>
    public sealed record Confirm : KeyConstraint
    {
        /// <summary>The only one there is.</summary>
        public static readonly Confirm Instance = new();

        private Confirm()
        {
        }

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output) =>
            new WireWriter(output).WriteByte(SSH_AGENT_CONSTRAIN_CONFIRM);
    }

    /// <summary>Remove the key after a number of signatures. OpenSSH no longer knows it; older clients send
    /// it.</summary>
    /// <param name="Count">How many.</param>
    public sealed record MaxSignatures(uint Count) : KeyConstraint
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = new(output);
            writer.WriteByte(SSH_AGENT_CONSTRAIN_MAXSIGN);
            writer.WriteUInt32(Count);
        }
    }

    /// <summary>Use the key for these destinations only.</summary>
    /// <param name="Destinations">At least one, at most <see cref="WireLimits.MaxDestinationConstraints"/>.</param>
    public sealed record RestrictDestination(IReadOnlyList<DestinationConstraint> Destinations) : KeyConstraint
    {
        /// <summary>Its name on the wire.</summary>
        public const string Name = "restrict-destination-v00@openssh.com";

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = WriteExtension(output, Name);
            ArrayBufferWriter<byte> list = new();
            foreach (DestinationConstraint destination in Destinations)
            {
                destination.Write(list);
            }

            writer.WriteString(list.WrittenSpan);
        }
    }

    /// <summary>Library through which a security key signs.</summary>
    /// <param name="Provider">Path of it, or <c>internal</c>.</param>
    public sealed record SkProvider(string Provider) : KeyConstraint
    {
        /// <summary>Its name on the wire.</summary>
        public const string Name = "sk-provider@openssh.com";

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output) => WriteExtension(output, Name).WriteUtf8(Provider);
    }

    /// <summary>Certificates to offer beside the keys of a token. Allowed only when a token is added.</summary>
    /// <param name="CertificatesOnly">Whether the plain keys are not to be offered.</param>
    /// <param name="Certificates">At most <see cref="WireLimits.MaxAssociatedCertificates"/>; a plain key may be among
    /// them and is then without effect.</param>
    public sealed record AssociatedCertificates(
        bool CertificatesOnly, IReadOnlyList<KeyBlob> Certificates) : KeyConstraint
    {
        /// <summary>Its name on the wire.</summary>
        public const string Name = "associated-certs-v00@openssh.com";

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = WriteExtension(output, Name);
            writer.WriteBoolean(CertificatesOnly);
            ArrayBufferWriter<byte> list = new();
            foreach (KeyBlob certificate in Certificates)
            {
                new WireWriter(list).WriteString(certificate.Span);
            }

            writer.WriteString(list.WrittenSpan);
        }
    }

    /// <summary>A constraint that is not known here. The request must be refused: a constraint that is not enforced
    /// must not be accepted. It is always the last, because its length is not known either.</summary>
    /// <param name="Type">Its number.</param>
    /// <param name="ExtensionName">Its name, if the number is that of an extension.</param>
    /// <param name="Rest">Everything behind its number or name, later constraints included.</param>
    public sealed record UnknownConstraint(byte Type, string? ExtensionName, ReadOnlyMemory<byte> Rest) : KeyConstraint
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = new(output);
            writer.WriteByte(Type);
            if (ExtensionName is not null)
            {
                writer.WriteUtf8(ExtensionName);
            }

            writer.WriteBytes(Rest.Span);
        }
    }
}
