using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Software;

/// <summary>An EVP_PKEY_CTX of OpenSSL, which keeps its key alive. Threads do not share it.</summary>
internal sealed class EvpContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Takes over <paramref name="context"/>.</summary>
    public EvpContextHandle(nint context) : base(ownsHandle: true) => SetHandle(context);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_CTX_free(handle);
        return true;
    }
}
