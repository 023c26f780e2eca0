using System.Runtime.Versioning;
using System.Security.AccessControl;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.Pageant;

/// <content>Opens the file with rights for its user only: OpenSSH refuses configuration that others can write.</content>
public sealed partial class OpenSshConfigFile
{
    [SupportedOSPlatform("windows")]
    private static FileStream OpenOwnerOnly(string path)
    {
        FileSecurity security = new();
        security.SetSecurityDescriptorSddlForm(OwnerOnlyDescriptor.ForFile(WindowsUser.Current.Sid));
        FileInfo file = new(path);
        FileStream stream = file.Create(
            FileMode.OpenOrCreate, FileSystemRights.FullControl, FileShare.Read, 4096, FileOptions.None, security);
        try
        {
            stream.SetAccessControl(security);
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
