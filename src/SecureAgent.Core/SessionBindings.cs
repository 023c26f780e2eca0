using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>What the clients along a forwarding path have told about the SSH sessions that one connection serves
/// (OpenSSH, PROTOCOL.agent section 1). Nothing here is ever taken back: a connection that was once forwarded stays
/// so.</summary>
internal sealed class SessionBindings
{
    private readonly List<Binding> _bindings = [];

    /// <summary>What was bound, in order.</summary>
    public IReadOnlyList<Binding> All => _bindings;

    /// <summary>Whether a bind was tried, in whatever way it ended. The connection then serves an SSH session, and is
    /// not a tool of the user's such as ssh-add.</summary>
    public bool IsAttempted { get; private set; }

    /// <summary>Whether requests may come from another host: bound for forwarding, or a bind failed, so that nothing is
    /// known.</summary>
    public bool IsForwarded { get; private set; }

    /// <summary>Checks and records one binding.</summary>
    /// <param name="contents">Contents of the extension request.</param>
    /// <returns>Why not, or <see langword="null"/> if it is recorded, now or before.</returns>
    /// <exception cref="WireFormatException">The contents do not parse.</exception>
    public string? Bind(ReadOnlyMemory<byte> contents)
    {
        // Before parsing: a bind that fails in whatever way must leave the connection with less trust, not with
        // more.
        bool wasForwarded = IsForwarded;
        IsForwarded = true;
        IsAttempted = true;

        SessionBind bind = SessionBind.Decode(contents);
        if (!IsSignedByHost(bind))
        {
            return "the host key did not sign that session id";
        }

        if (Refuse(bind, out bool known) is { } reason)
        {
            return reason;
        }

        if (!known)
        {
            _bindings.Add(new Binding(
                new KeyBlob(bind.HostKey.Span.ToArray()), bind.SessionId.ToArray(), bind.IsForwarding));
        }

        IsForwarded = wasForwarded || bind.IsForwarding;
        return null;
    }

    /// <summary>The host key that the session was bound with, or <see langword="null"/>.</summary>
    public KeyBlob? HostKeyOf(ReadOnlySpan<byte> sessionId)
    {
        foreach (Binding binding in _bindings)
        {
            if (CryptographicOperations.FixedTimeEquals(binding.SessionId.Span, sessionId))
            {
                return binding.HostKey;
            }
        }

        return null;
    }

    /// <summary>Whether the host key signed the session id and, if it is a certificate, its authority signed that;
    /// whether anybody trusts the authority is not asked here.</summary>
    private static bool IsSignedByHost(SessionBind bind)
    {
        if (!CertificateKeyType.IsCertificate(bind.HostKey))
        {
            return IsSigned(PublicKey.Decode(bind.HostKey.Memory), bind.SessionId, bind.Signature);
        }

        Certificate certificate = Certificate.Decode(bind.HostKey);
        return IsSigned(certificate.SignatureKey, certificate.ToBeSigned, certificate.Signature)
            && IsSigned(certificate.PublicKey, bind.SessionId, bind.Signature);
    }

    private static bool IsSigned(PublicKey key, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> signatureBlob)
    {
        SignatureBlob signature = SignatureBlob.Decode(signatureBlob);
        return signature.Algorithm != SignatureAlgorithm.SshRsa
            && SignatureVerifier.Verify(key, signature.Algorithm, data.Span, signature.Raw.Span);
    }

    /// <summary>The checks of OpenSSH in their order.</summary>
    private string? Refuse(SessionBind bind, out bool known)
    {
        known = false;
        foreach (Binding binding in _bindings)
        {
            if (!binding.IsForwarding)
            {
                return "the connection is bound for a login already, and serves no other session";
            }

            bool sameSession = CryptographicOperations.FixedTimeEquals(binding.SessionId.Span, bind.SessionId.Span);
            if (sameSession && binding.HostKey == bind.HostKey)
            {
                known = true;
                return null;
            }

            if (sameSession)
            {
                return "that session id is bound to another host key";
            }
        }

        return _bindings.Count < WireLimits.MaxSessionBinds
            ? null
            : $"the connection has {WireLimits.MaxSessionBinds} bindings, which is the most";
    }

    /// <summary>One recorded binding.</summary>
    /// <param name="HostKey">The server's host key or host certificate.</param>
    /// <param name="SessionId">Identifier of the SSH session.</param>
    /// <param name="IsForwarding">Whether the agent is forwarded to that server, rather than used to log in to
    /// it.</param>
    internal sealed record Binding(KeyBlob HostKey, ReadOnlyMemory<byte> SessionId, bool IsForwarding);
}
