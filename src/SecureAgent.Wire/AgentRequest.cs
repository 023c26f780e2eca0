using System.Buffers;
using System.Text;

namespace SecureAgent.Wire;

/// <summary>A request to the agent (RFC 9987). Slices point into the message that was decoded: they are good as long as
/// it is. Records that hold secrets print none of them.</summary>
/// <remarks>As in OpenSSH, bytes behind the last field of a request are ignored, except where constraints may
/// stand.</remarks>
public abstract record AgentRequest
{
    private protected AgentRequest()
    {
    }

    /// <summary>Decodes a message without its length prefix.</summary>
    /// <exception cref="WireFormatException">It is empty, or its body does not parse; to be answered
    /// SSH_AGENT_FAILURE.</exception>
    public static AgentRequest Decode(ReadOnlyMemory<byte> message)
    {
        WireReader reader = new(message);
        byte type = reader.ReadByte("message type");
        switch ((AgentMessageType)type)
        {
            case AgentMessageType.SSH_AGENTC_REQUEST_IDENTITIES:
                return RequestIdentities.Instance;
            case AgentMessageType.SSH_AGENTC_SIGN_REQUEST:
                return new SignRequest(
                    new KeyBlob(reader.ReadStringMemory("key blob")),
                    reader.ReadStringMemory("data"),
                    (SignatureFlags)reader.ReadUInt32("flags"));
            case AgentMessageType.SSH_AGENTC_ADD_IDENTITY:
            case AgentMessageType.SSH_AGENTC_ADD_ID_CONSTRAINED:
                PrivateKeyFields.Skip(ref reader);
                ReadOnlyMemory<byte> keyFields = message[1..reader.Consumed];
                ReadOnlyMemory<byte> comment = reader.ReadStringMemory("comment");
                if (comment.Span.Contains((byte)0))
                {
                    throw new WireFormatException("comment: holds a NUL");
                }

                return new AddIdentity(
                    keyFields,
                    comment,
                    KeyConstraintList.Read(ref reader, token: false),
                    (AgentMessageType)type == AgentMessageType.SSH_AGENTC_ADD_ID_CONSTRAINED);
            case AgentMessageType.SSH_AGENTC_REMOVE_IDENTITY:
                return new RemoveIdentity(new KeyBlob(reader.ReadStringMemory("key blob")));
            case AgentMessageType.SSH_AGENTC_REMOVE_ALL_IDENTITIES:
                return RemoveAllIdentities.Instance;
            case AgentMessageType.SSH_AGENTC_REMOVE_ALL_RSA_IDENTITIES:
                return RemoveAllIdentities.Protocol1;
            case AgentMessageType.SSH_AGENTC_ADD_SMARTCARD_KEY:
            case AgentMessageType.SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED:
                return new AddSmartcardKey(
                    reader.ReadUtf8("token id", WireLimits.MaxMessageBytes),
                    reader.ReadStringMemory("PIN"),
                    KeyConstraintList.Read(ref reader, token: true),
                    (AgentMessageType)type == AgentMessageType.SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED);
            case AgentMessageType.SSH_AGENTC_REMOVE_SMARTCARD_KEY:
                return new RemoveSmartcardKey(
                    reader.ReadUtf8("token id", WireLimits.MaxMessageBytes), reader.ReadStringMemory("PIN"));
            case AgentMessageType.SSH_AGENTC_LOCK:
                return new Lock(reader.ReadStringMemory("passphrase"));
            case AgentMessageType.SSH_AGENTC_UNLOCK:
                return new Unlock(reader.ReadStringMemory("passphrase"));
            case AgentMessageType.SSH_AGENTC_EXTENSION:
                return new Extension(
                    reader.ReadUtf8("extension name", WireLimits.MaxNameBytes), reader.ReadRestMemory());
            default:
                return new UnknownRequest(type);
        }
    }

    /// <summary>Appends the message without a length prefix.</summary>
    public abstract void Write(IBufferWriter<byte> output);

    private static WireWriter Begin(IBufferWriter<byte> output, AgentMessageType type)
    {
        WireWriter writer = new(output);
        writer.WriteByte((byte)type);
        return writer;
    }

    /// <summary>SSH_AGENTC_REQUEST_IDENTITIES: list the public keys.</summary>
    public sealed record RequestIdentities : AgentRequest
    {
        /// <summary>The only one there is.</summary>
        public static readonly RequestIdentities Instance = new();

        private RequestIdentities()
        {
        }

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output) =>
            Begin(output, AgentMessageType.SSH_AGENTC_REQUEST_IDENTITIES);
    }

    /// <summary>SSH_AGENTC_SIGN_REQUEST: <c>string key blob, string data, uint32 flags</c>.</summary>
    /// <param name="Key">The key or certificate.</param>
    /// <param name="Data">The unhashed bytes to sign.</param>
    /// <param name="Flags">Which hash an RSA key is to use.</param>
    public sealed record SignRequest(KeyBlob Key, ReadOnlyMemory<byte> Data, SignatureFlags Flags) : AgentRequest
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = Begin(output, AgentMessageType.SSH_AGENTC_SIGN_REQUEST);
            writer.WriteString(Key.Span);
            writer.WriteString(Data.Span);
            writer.WriteUInt32((uint)Flags);
        }
    }

    /// <summary>SSH_AGENTC_ADD_IDENTITY and SSH_AGENTC_ADD_ID_CONSTRAINED: the fields of a private key, <c>string
    /// comment</c>, constraints.</summary>
    /// <param name="KeyFields">Key type and fields, secret.</param>
    /// <param name="CommentBytes">The comment as sent, without a NUL; clients do not promise UTF-8.</param>
    /// <param name="Constraints">Empty if there are none. OpenSSH reads them in both messages.</param>
    /// <param name="IsConstrained">Whether it was SSH_AGENTC_ADD_ID_CONSTRAINED.</param>
    public sealed record AddIdentity(
        ReadOnlyMemory<byte> KeyFields,
        ReadOnlyMemory<byte> CommentBytes,
        IReadOnlyList<KeyConstraint> Constraints,
        bool IsConstrained) : AgentRequest
    {
        /// <summary>The comment as text; bytes that are not UTF-8 become U+FFFD.</summary>
        public string Comment => Encoding.UTF8.GetString(CommentBytes.Span);

        /// <summary>Decodes the key into buffers of its own, which the caller disposes.</summary>
        /// <exception cref="WireFormatException">The fields do not parse, or contradict each other.</exception>
        public PrivateKey DecodeKey()
        {
            WireReader reader = new(KeyFields);
            PrivateKey key = PrivateKeyFields.Read(ref reader);
            reader.RequireEnd("private key");
            return key;
        }

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = Begin(
                output,
                IsConstrained
                    ? AgentMessageType.SSH_AGENTC_ADD_ID_CONSTRAINED
                    : AgentMessageType.SSH_AGENTC_ADD_IDENTITY);
            writer.WriteBytes(KeyFields.Span);
            writer.WriteString(CommentBytes.Span);
            foreach (KeyConstraint constraint in Constraints)
            {
                constraint.Write(output);
            }
        }

        /// <inheritdoc/>
        protected override bool PrintMembers(StringBuilder builder) => false;
    }

    /// <summary>SSH_AGENTC_REMOVE_IDENTITY: <c>string key blob</c>.</summary>
    /// <param name="Key">The key or certificate.</param>
    public sealed record RemoveIdentity(KeyBlob Key) : AgentRequest
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output) =>
            Begin(output, AgentMessageType.SSH_AGENTC_REMOVE_IDENTITY).WriteString(Key.Span);
    }

    /// <summary>SSH_AGENTC_REMOVE_ALL_IDENTITIES, or the number that protocol 1 had for it.</summary>
    public sealed record RemoveAllIdentities : AgentRequest
    {
        /// <summary>SSH_AGENTC_REMOVE_ALL_IDENTITIES.</summary>
        public static readonly RemoveAllIdentities Instance = new(AgentMessageType.SSH_AGENTC_REMOVE_ALL_IDENTITIES);

        /// <summary>SSH_AGENTC_REMOVE_ALL_RSA_IDENTITIES, which <c>ssh-add -D</c> sends as well. To be handled
        /// alike.</summary>
        public static readonly RemoveAllIdentities Protocol1 =
            new(AgentMessageType.SSH_AGENTC_REMOVE_ALL_RSA_IDENTITIES);

        private readonly AgentMessageType _type;

        private RemoveAllIdentities(AgentMessageType type) => _type = type;

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output) => Begin(output, _type);
    }

    /// <summary>SSH_AGENTC_ADD_SMARTCARD_KEY and SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED: <c>string id, string
    /// PIN</c>, constraints.</summary>
    /// <param name="Id">What names the token; for OpenSSH the path of a PKCS#11 module.</param>
    /// <param name="Pin">Secret.</param>
    /// <param name="Constraints">Empty if there are none.</param>
    /// <param name="IsConstrained">Whether it was SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED.</param>
    public sealed record AddSmartcardKey(
        string Id,
        ReadOnlyMemory<byte> Pin,
        IReadOnlyList<KeyConstraint> Constraints,
        bool IsConstrained) : AgentRequest
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = Begin(
                output,
                IsConstrained
                    ? AgentMessageType.SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED
                    : AgentMessageType.SSH_AGENTC_ADD_SMARTCARD_KEY);
            writer.WriteUtf8(Id);
            writer.WriteString(Pin.Span);
            foreach (KeyConstraint constraint in Constraints)
            {
                constraint.Write(output);
            }
        }

        /// <inheritdoc/>
        protected override bool PrintMembers(StringBuilder builder) => false;
    }

    /// <summary>SSH_AGENTC_REMOVE_SMARTCARD_KEY: <c>string id, string PIN</c>.</summary>
    /// <param name="Id">What names the token.</param>
    /// <param name="Pin">Secret; clients send it empty.</param>
    public sealed record RemoveSmartcardKey(string Id, ReadOnlyMemory<byte> Pin) : AgentRequest
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = Begin(output, AgentMessageType.SSH_AGENTC_REMOVE_SMARTCARD_KEY);
            writer.WriteUtf8(Id);
            writer.WriteString(Pin.Span);
        }

        /// <inheritdoc/>
        protected override bool PrintMembers(StringBuilder builder) => false;
    }

    /// <summary>SSH_AGENTC_LOCK: <c>string passphrase</c>.</summary>
    /// <param name="Passphrase">Secret.</param>
    public sealed record Lock(ReadOnlyMemory<byte> Passphrase) : AgentRequest
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output) =>
            Begin(output, AgentMessageType.SSH_AGENTC_LOCK).WriteString(Passphrase.Span);

        /// <inheritdoc/>
        protected override bool PrintMembers(StringBuilder builder) => false;
    }

    /// <summary>SSH_AGENTC_UNLOCK: <c>string passphrase</c>.</summary>
    /// <param name="Passphrase">Secret.</param>
    public sealed record Unlock(ReadOnlyMemory<byte> Passphrase) : AgentRequest
    {
        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output) =>
            Begin(output, AgentMessageType.SSH_AGENTC_UNLOCK).WriteString(Passphrase.Span);

        /// <inheritdoc/>
        protected override bool PrintMembers(StringBuilder builder) => false;
    }

    /// <summary>SSH_AGENTC_EXTENSION: <c>string name</c>, then what that extension defines.</summary>
    /// <param name="Name">Such as <c>query</c> or <see cref="SessionBind.ExtensionName"/>.</param>
    /// <param name="Contents">All behind the name.</param>
    public sealed record Extension(string Name, ReadOnlyMemory<byte> Contents) : AgentRequest
    {
        /// <summary>The extension that lists the extensions (RFC 9987, "Query extension").</summary>
        public const string Query = "query";

        /// <inheritdoc/>
        public override void Write(IBufferWriter<byte> output)
        {
            WireWriter writer = Begin(output, AgentMessageType.SSH_AGENTC_EXTENSION);
            writer.WriteUtf8(Name);
            writer.WriteBytes(Contents.Span);
        }
    }

    /// <summary>A message with a number that no client may send. To be answered SSH_AGENT_FAILURE; the connection goes
    /// on.</summary>
    /// <param name="Type">The number.</param>
    public sealed record UnknownRequest(byte Type) : AgentRequest
    {
        /// <summary>Appends the number; the body was not kept.</summary>
        public override void Write(IBufferWriter<byte> output) => new WireWriter(output).WriteByte(Type);
    }
}
