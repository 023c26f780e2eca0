using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.Pageant;

/// <summary>The mutex that a Pageant holds while it looks whether there is one already and becomes it, so that two
/// that start at once do not both. Belongs to the thread that made it.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class PageantStartLock : IDisposable
{
    /// <summary>Whoever holds it longer is no Pageant that starts.</summary>
    private const uint PatienceMilliseconds = 5000;

    private const uint WAIT_OBJECT_0 = 0;
    private const uint WAIT_ABANDONED = 0x80;

    private readonly SafeWaitHandle _mutex;
    private readonly bool _isHeld;

    private PageantStartLock(SafeWaitHandle mutex)
    {
        _mutex = mutex;
        _isHeld = !mutex.IsInvalid
            && WaitForSingleObject(mutex, PatienceMilliseconds) is WAIT_OBJECT_0 or WAIT_ABANDONED;
    }

    /// <summary>Waits for the mutex, but not for ever: it is only there against a coincidence.</summary>
    public static PageantStartLock Take()
    {
        using SecurityAttributes security = new(OwnerOnlyDescriptor.ForObject(WindowsUser.Current.Sid));
        return new PageantStartLock(CreateMutex(security, 0, NameFor(PageantPipeName.CurrentUserName)));
    }

    /// <summary>The name of the mutex (PuTTY, windows/utils/agent_mutex_name.c).</summary>
    internal static string NameFor(string userName) => $@"Local\pageant-mutex.{userName}";

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isHeld)
        {
            _ = ReleaseMutex(_mutex);
        }

        _mutex.Dispose();
    }

    [LibraryImport("kernel32", EntryPoint = "CreateMutexW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeWaitHandle CreateMutex(SecurityAttributes security, int initialOwner, string name);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint WaitForSingleObject(SafeWaitHandle handle, uint milliseconds);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int ReleaseMutex(SafeWaitHandle mutex);
}
