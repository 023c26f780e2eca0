using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Software;

/// <summary>An RSA of OpenSSL, which zeroes its private numbers when the last user has freed it.</summary>
internal sealed class RsaHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Takes over <paramref name="key"/>.</summary>
    public RsaHandle(nint key) : base(ownsHandle: true) => SetHandle(key);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        LibCrypto.RSA_free(handle);
        return true;
    }
}
