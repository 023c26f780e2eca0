using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Hosts;

/// <summary>Checks certificates of hosts as ssh does.</summary>
internal static class HostCertificate
{
    /// <summary>Whether it is a host's certificate that is valid at <paramref name="now"/>, names hosts, has no option
    /// that would have to be understood, and was signed by the authority that it names. Those signed by security keys
    /// or with SHA-1 are not verified here and count as not signed.</summary>
    public static bool IsValid(Certificate certificate, DateTimeOffset now)
    {
        ulong second = (ulong)Math.Max(0, now.ToUnixTimeSeconds());
        return certificate.Type == Certificate.HostType
            && certificate.ValidPrincipals.Count > 0
            && certificate.CriticalOptions.Count == 0
            && second >= certificate.ValidAfter
            && second < certificate.ValidBefore
            && IsSigned(certificate);
    }

    private static bool IsSigned(Certificate certificate)
    {
        try
        {
            SignatureBlob signature = SignatureBlob.Decode(certificate.Signature);
            return signature.Algorithm != SignatureAlgorithm.SshRsa && SignatureVerifier.Verify(
                certificate.SignatureKey, signature.Algorithm, certificate.ToBeSigned.Span, signature.Raw.Span);
        }
        catch (WireFormatException)
        {
            return false;
        }
    }
}
