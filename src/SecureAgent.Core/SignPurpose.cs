using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>Says in words what a signature is for.</summary>
internal static class SignPurpose
{
    /// <summary>One phrase for prompts and logs. Names in it are as the client wrote them; whoever shows it escapes
    /// it.</summary>
    public static string Describe(SignedPayload payload, SessionBindings bindings)
    {
        string purpose = payload switch
        {
            SignedPayload.UserAuthentication login =>
                $"login as {login.User}{Host(login.HostKey ?? bindings.HostKeyOf(login.SessionId.Span))}",
            SignedPayload.SshSignature file => $"file signature in namespace {file.Namespace}",
            SignedPayload.CertificateToBeSigned request =>
                $"certificate {request.Certificate.KeyId} with serial {request.Certificate.Serial}",
            _ => "signature of data that is neither a login, a file nor a certificate",
        };
        return bindings.IsForwarded ? $"{purpose}, asked through a forwarded connection" : purpose;
    }

    private static string Host(KeyBlob? hostKey)
    {
        if (hostKey is not { } blob)
        {
            return "";
        }

        PublicKey key = PublicKey.DecodeKeyOrCertificate(blob);
        return $" to host key {key.Fingerprint}";
    }
}
