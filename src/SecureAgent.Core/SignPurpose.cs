using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Says in words what a signature is for.</summary>
/// <param name="Text">One phrase for prompts and logs. Names in it are as the client wrote them; whoever shows it
/// escapes it.</param>
/// <param name="Destination">The server that is logged in to: its names in known_hosts, else its host key; or
/// <see langword="null"/>.</param>
internal readonly record struct SignPurpose(string Text, string? Destination)
{
    /// <summary>How many names of one host a person is shown.</summary>
    private const int MaxNames = 3;

    /// <summary>Describes <paramref name="payload"/>.</summary>
    /// <param name="payload">What is to be signed.</param>
    /// <param name="bindings">What is known of the connection.</param>
    /// <param name="hostNames">Knows hosts by their keys.</param>
    public static SignPurpose Describe(SignedPayload payload, SessionBindings bindings, IHostNames? hostNames)
    {
        string? destination = null;
        string text;
        switch (payload)
        {
            case SignedPayload.UserAuthentication login:
                KeyBlob? hostKey = login.HostKey ?? bindings.HostKeyOf(login.SessionId.Span);
                destination = hostKey is { } known ? NameOf(known, hostNames) : null;
                text = destination is null ? $"login as {login.User}" : $"login as {login.User} to {destination}";
                break;
            case SignedPayload.SshSignature file:
                text = $"file signature in namespace {file.Namespace}";
                break;
            case SignedPayload.CertificateToBeSigned request:
                text = $"certificate {request.Certificate.KeyId} with serial {request.Certificate.Serial}";
                break;
            default:
                text = "signature of data that is neither a login, a file nor a certificate";
                break;
        }

        return new SignPurpose(bindings.IsForwarded ? text + Forwarded(bindings, hostNames) : text, destination);
    }

    private static string Forwarded(SessionBindings bindings, IHostNames? hostNames)
    {
        string? via = bindings.All.LastOrDefault(hop => hop.IsForwarding) is { } hop
            ? NameOf(hop.HostKey, hostNames)
            : null;
        return ", asked through a forwarded connection" + (via is null ? "" : $" from {via}");
    }

    private static string NameOf(KeyBlob hostKey, IHostNames? hostNames)
    {
        IReadOnlyList<string> names = hostNames?.NamesOf(hostKey) ?? [];
        return names.Count > 0
            ? string.Join(", ", names.Take(MaxNames))
            : $"host key {PublicKey.DecodeKeyOrCertificate(hostKey).Fingerprint}";
    }
}
