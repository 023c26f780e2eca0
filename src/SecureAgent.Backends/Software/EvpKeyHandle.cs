using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Software;

/// <summary>An EVP_PKEY of OpenSSL, which zeroes its private half when the last user has freed it.</summary>
internal sealed class EvpKeyHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Takes over <paramref name="key"/>.</summary>
    public EvpKeyHandle(nint key) : base(ownsHandle: true) => SetHandle(key);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        LibCrypto.EVP_PKEY_free(handle);
        return true;
    }
}
