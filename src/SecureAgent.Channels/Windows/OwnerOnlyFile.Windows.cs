using System.Runtime.Versioning;
using System.Security.AccessControl;

namespace SecureAgent.Channels.Windows;

/// <summary>Makes files and directories that nobody else may read, from the first moment on.</summary>
[SupportedOSPlatform("windows")]
public static class OwnerOnlyFile
{
    /// <summary>Creates a file for writing. Nobody can open it before it is closed.</summary>
    /// <param name="path">Path of a file that does not exist.</param>
    /// <exception cref="IOException">It exists, or cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static FileStream Create(string path)
    {
        FileSecurity security = new();
        security.SetSecurityDescriptorSddlForm(OwnerOnlyDescriptor.ForFile(WindowsUser.Current.Sid));
        return new FileInfo(path).Create(
            FileMode.CreateNew, FileSystemRights.Write, FileShare.None, bufferSize: 1, FileOptions.None, security);
    }

    /// <summary>Gives an existing file to this user alone.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="IOException">It cannot be done.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be done.</exception>
    public static void Restrict(string path)
    {
        FileSecurity security = new();
        security.SetSecurityDescriptorSddlForm(OwnerOnlyDescriptor.ForFile(WindowsUser.Current.Sid));
        new FileInfo(path).SetAccessControl(security);
    }

    /// <summary>Makes a directory for this user alone, unless it exists.</summary>
    /// <param name="path">Path of the directory.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static void CreateDirectory(string path)
    {
        if (!Directory.Exists(path))
        {
            DirectorySecurity security = new();
            security.SetSecurityDescriptorSddlForm(OwnerOnlyDescriptor.ForDirectory(WindowsUser.Current.Sid));
            new DirectoryInfo(path).Create(security);
        }
    }
}
