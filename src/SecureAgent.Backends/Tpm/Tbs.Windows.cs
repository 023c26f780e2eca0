using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SecureAgent.Backends.Tpm;

/// <summary>TPM Base Services of Windows (tbs.h).</summary>
[SupportedOSPlatform("windows")]
internal static partial class Tbs
{
    /// <summary>TBS_CONTEXT_VERSION_TWO.</summary>
    public const uint ContextVersionTwo = 2;

    /// <summary>The bit <c>includeTpm20</c> of TBS_CONTEXT_PARAMS2.</summary>
    public const uint IncludeTpm20 = 1 << 2;

    /// <summary>TBS_COMMAND_LOCALITY_ZERO.</summary>
    public const uint LocalityZero = 0;

    /// <summary>TBS_COMMAND_PRIORITY_NORMAL.</summary>
    public const uint PriorityNormal = 200;

    /// <summary>Opens a context.</summary>
    [LibraryImport("tbs.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial uint Tbsi_Context_Create(in ContextParams2 parameters, out TbsContextHandle context);

    /// <summary>Closes a context.</summary>
    [LibraryImport("tbs.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial uint Tbsip_Context_Close(nint context);

    /// <summary>Runs one command.</summary>
    [LibraryImport("tbs.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    public static partial uint Tbsip_Submit_Command(
        TbsContextHandle context, uint locality, uint priority, ReadOnlySpan<byte> command, uint commandSize,
        Span<byte> result, ref uint resultSize);

    /// <summary>TBS_CONTEXT_PARAMS2: 8 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ContextParams2
    {
        /// <summary><see cref="ContextVersionTwo"/>.</summary>
        internal uint version;

        /// <summary>Bit 0 requestRaw, bit 1 includeTpm12, bit 2 includeTpm20.</summary>
        internal uint flags;
    }
}
