using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>One line of <c>ssh-add -L</c>: a public key or certificate and the way to its private half.</summary>
/// <param name="Blob">The blob that clients name it by; for a certificate, the certificate's.</param>
/// <param name="PublicKey">The plain public key of the private half.</param>
/// <param name="Comment">UTF-8 text beside the key.</param>
/// <param name="Backend">Name of the backend it comes from.</param>
/// <param name="Signer">Signs with the private half.</param>
public sealed record Identity(KeyBlob Blob, PublicKey PublicKey, string Comment, string Backend, ISigner Signer)
{
    /// <summary>Whether signatures come from a device or module, so that each is verified before it leaves.</summary>
    public bool VerifyBeforeRelease { get; init; } = true;
}
