using System.Runtime.Versioning;
using System.Security.AccessControl;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.Pageant;

/// <content>Opens the file with rights for its user: OpenSSH refuses configuration that others can write.</content>
public sealed partial class OpenSshConfigFile
{
    private const int BufferSizeBytes = 4096;

    [SupportedOSPlatform("windows")]
    private static FileStream OpenOwnerOnly(string path)
    {
        string sddl = OwnerOnlyDescriptor.ForFile(WindowsUser.Current.Sid);
        FileSecurity created = new();
        created.SetSecurityDescriptorSddlForm(sddl);
        FileStream stream = new FileInfo(path).Create(FileMode.OpenOrCreate, FileSystemRights.FullControl,
            FileShare.Read, BufferSizeBytes, FileOptions.None, created);
        try
        {
            // For a file that there was. Its owner stays, which only privileged programs could change.
            FileSecurity access = new();
            access.SetSecurityDescriptorSddlForm(sddl, AccessControlSections.Access);
            stream.SetAccessControl(access);
            stream.SetLength(0);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}
