using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Backends.Pkcs11;

/// <summary>Which file it is, whatever its names are.</summary>
/// <param name="DeviceMajor">Major number of the file system's device.</param>
/// <param name="DeviceMinor">Minor number of the file system's device.</param>
/// <param name="Inode">Number within the file system.</param>
public readonly record struct ModuleIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    /// <summary>The identity of an open file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ModuleIdentity Of(SafeFileHandle file) => FileStatus.Of(file).Identity;
}
