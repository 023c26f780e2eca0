using System.Buffers.Binary;

namespace SecureAgent.Wire;

/// <summary>What the bytes of a sign request mean. The three known forms start so differently that no byte string of at
/// most <see cref="WireLimits.MaxMessageBytes"/> fits two of them.</summary>
public abstract record SignedPayload
{
    private protected SignedPayload()
    {
    }

    /// <summary>Recognises <paramref name="data"/>. Never throws: what does not parse in full is unknown.</summary>
    public static SignedPayload Classify(ReadOnlyMemory<byte> data)
    {
        if (data.Length > WireLimits.MaxMessageBytes)
        {
            return UnknownPayload.Instance;
        }

        try
        {
            // "SSHSIG" as a length would be 1.4 GB, so the other two cannot start with it. Both of those start with a
            // string; behind it the one has byte 50, the other a nonce whose length cannot start with that byte.
            // Nothing is read that cannot be what it starts as: an exception costs more than a signature.
            return data.Span.StartsWith(SshSignature.Magic) ? SshSignature.Read(data)
                : UserAuthentication.StartsAs(data.Span) ? UserAuthentication.Read(data)
                : CertificateKeyType.IsCertificate(new KeyBlob(data))
                    ? new CertificateToBeSigned(Certificate.DecodeToBeSigned(data))
                : UnknownPayload.Instance;
        }
        catch (WireFormatException)
        {
            return UnknownPayload.Instance;
        }
    }

    /// <summary>A login with a public key (RFC 4252 section 7):
    /// <code>
    /// string session id; byte 50; string user, service, method; boolean true; string algorithm, key
    /// string host key, only for publickey-hostbound-v00@openssh.com
    /// </code></summary>
    /// <param name="SessionId">Of the SSH session.</param>
    /// <param name="User">Name on the server.</param>
    /// <param name="Service">Always <c>ssh-connection</c>.</param>
    /// <param name="Method"><c>publickey</c> or <see cref="HostBoundMethod"/>.</param>
    /// <param name="Algorithm">Signature algorithm, for a certificate with its suffix; fits the key.</param>
    /// <param name="Key">The key or certificate that logs in.</param>
    /// <param name="HostKey">The server's host key or certificate, if the method is
    /// <see cref="HostBoundMethod"/>.</param>
    public sealed record UserAuthentication(
        ReadOnlyMemory<byte> SessionId,
        string User,
        string Service,
        string Method,
        string Algorithm,
        KeyBlob Key,
        KeyBlob? HostKey) : SignedPayload
    {
        /// <summary>The method that signs the host key too (OpenSSH, PROTOCOL section 3.1).</summary>
        public const string HostBoundMethod = "publickey-hostbound-v00@openssh.com";

        private const byte SSH_MSG_USERAUTH_REQUEST = 50;

        /// <summary>Whether behind a first string, which is all that a session id is, there is byte 50.</summary>
        internal static bool StartsAs(ReadOnlySpan<byte> data) =>
            data.Length > sizeof(uint)
            && BinaryPrimitives.ReadUInt32BigEndian(data) is var length
            && length < data.Length - sizeof(uint)
            && data[sizeof(uint) + (int)length] == SSH_MSG_USERAUTH_REQUEST;

        internal static UserAuthentication Read(ReadOnlyMemory<byte> data)
        {
            WireReader reader = new(data);
            ReadOnlyMemory<byte> sessionId = reader.ReadStringMemory("session id", WireLimits.MaxSessionIdBytes);
            byte type = reader.ReadByte("message type");
            string user = reader.ReadUtf8("user", WireLimits.MaxMessageBytes);
            string service = reader.ReadUtf8("service", WireLimits.MaxNameBytes);
            string method = reader.ReadUtf8("method", WireLimits.MaxNameBytes);
            byte hasSignature = reader.ReadByte("has signature");
            string algorithm = reader.ReadUtf8("algorithm", WireLimits.MaxNameBytes);
            KeyBlob key = new(reader.ReadStringMemory("key"));
            KeyBlob? hostKey = method == HostBoundMethod ? new KeyBlob(reader.ReadStringMemory("host key")) : null;
            reader.RequireEnd("user authentication");
            if (sessionId.IsEmpty || type != SSH_MSG_USERAUTH_REQUEST || hasSignature != 1
                || service != "ssh-connection" || (hostKey is null && method != "publickey") || !Fits(algorithm, key))
            {
                throw new WireFormatException("user authentication: not a request that this agent knows");
            }

            if (hostKey is not null)
            {
                _ = PublicKey.DecodeKeyOrCertificate(hostKey.Value);
            }

            return new UserAuthentication(sessionId, user, service, method, algorithm, key, hostKey);
        }

        private static bool Fits(string algorithm, KeyBlob key)
        {
            bool certificate = CertificateKeyType.IsCertificate(key);
            string type = PublicKey.DecodeKeyOrCertificate(key).KeyType;
            if (type == RsaPublicKey.TypeName && algorithm.StartsWith("rsa-sha2-", StringComparison.Ordinal))
            {
                type = algorithm.StartsWith("rsa-sha2-256", StringComparison.Ordinal) ? "rsa-sha2-256" : "rsa-sha2-512";
            }

            return algorithm == (certificate ? CertificateKeyType.Of(type) : type);
        }
    }

    /// <summary>A file signature of <c>ssh-keygen -Y sign</c> or git (OpenSSH, PROTOCOL.sshsig):
    /// <c>byte[6] "SSHSIG", string namespace, string reserved, string hash algorithm, string hash</c>.</summary>
    /// <param name="Namespace">Purpose, such as <c>file</c> or <c>git</c>; never empty.</param>
    /// <param name="HashAlgorithm"><c>sha256</c> or <c>sha512</c>.</param>
    public sealed record SshSignature(string Namespace, string HashAlgorithm) : SignedPayload
    {
        internal static ReadOnlySpan<byte> Magic => "SSHSIG"u8;

        internal static SshSignature Read(ReadOnlyMemory<byte> data)
        {
            WireReader reader = new(data);
            _ = reader.ReadBytes("magic", Magic.Length);
            string name = reader.ReadUtf8("namespace", WireLimits.MaxMessageBytes);
            _ = reader.ReadString("reserved");
            string hashAlgorithm = reader.ReadUtf8("hash algorithm", WireLimits.MaxNameBytes);
            int length = reader.ReadString("hash").Length;
            reader.RequireEnd("file signature");
            bool known = (hashAlgorithm == "sha256" && length == 32) || (hashAlgorithm == "sha512" && length == 64);
            return known && name.Length > 0
                ? new SshSignature(name, hashAlgorithm)
                : throw new WireFormatException("file signature: no namespace, or not a hash of its algorithm");
        }
    }

    /// <summary>A certificate that an authority is asked to sign.</summary>
    /// <param name="Certificate">It, still without a signature.</param>
    public sealed record CertificateToBeSigned(Certificate Certificate) : SignedPayload;

    /// <summary>Anything else: other protocols, or nothing that is known.</summary>
    public sealed record UnknownPayload : SignedPayload
    {
        /// <summary>The only one there is.</summary>
        public static readonly UnknownPayload Instance = new();

        private UnknownPayload()
        {
        }
    }
}
