using System.Text;

namespace SecureAgent.Wire;

/// <summary>The key types of OpenSSH certificates (PROTOCOL.certkeys): a plain type and a suffix, which stands before
/// the domain if there is one.</summary>
public static class CertificateKeyType
{
    private const string Suffix = "-cert-v01@openssh.com";

    private static readonly string[] PlainTypes =
    [
        RsaPublicKey.TypeName, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        Ed25519PublicKey.TypeName, SkEcdsaPublicKey.TypeName, SkEd25519PublicKey.TypeName,
        MlDsa44Ed25519PublicKey.TypeName,
    ];

    private static readonly (string Certificate, byte[] Encoded, string Plain)[] Types =
        [.. PlainTypes.Select(plain => (Of(plain), Encoding.ASCII.GetBytes(Of(plain)), plain))];

    /// <summary>The certificate type for <paramref name="plainType"/>, such as
    /// <c>ssh-ed25519-cert-v01@openssh.com</c>.</summary>
    public static string Of(string plainType)
    {
        ArgumentNullException.ThrowIfNull(plainType);
        return plainType.Split('@')[0] + Suffix;
    }

    /// <summary>The plain type of a certificate type, or <see langword="null"/> if it is none that is known
    /// here.</summary>
    public static string? PlainTypeOf(string certificateType)
    {
        foreach ((string certificate, _, string plain) in Types)
        {
            if (certificate == certificateType)
            {
                return plain;
            }
        }

        return null;
    }

    /// <summary>Whether <paramref name="blob"/> starts as a certificate. Does not allocate.</summary>
    public static bool IsCertificate(KeyBlob blob)
    {
        ReadOnlySpan<byte> span = blob.Span;
        foreach ((_, byte[] encoded, _) in Types)
        {
            if (span.Length > 4 + encoded.Length && span[..3].IndexOfAnyExcept((byte)0) < 0 && span[3] == encoded.Length
                && span[4..].StartsWith(encoded))
            {
                return true;
            }
        }

        return false;
    }
}
