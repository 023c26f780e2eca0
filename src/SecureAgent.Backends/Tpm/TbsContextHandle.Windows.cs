using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Tpm;

/// <summary>TBS_HCONTEXT. Closing it makes TBS flush what was loaded through it.</summary>
[SupportedOSPlatform("windows")]
internal sealed class TbsContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Made by the marshaller.</summary>
    public TbsContextHandle() : base(ownsHandle: true)
    {
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle() => Tbs.Tbsip_Context_Close(handle) == 0;
}
