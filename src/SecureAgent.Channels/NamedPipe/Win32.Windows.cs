using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.NamedPipe;

/// <summary>What Win32 has for pipes and .NET does not offer.</summary>
[SupportedOSPlatform("windows")]
internal static partial class Win32
{
    public const int ERROR_FILE_NOT_FOUND = 2;
    public const int ERROR_ACCESS_DENIED = 5;
    public const int ERROR_SEM_TIMEOUT = 121;
    public const int ERROR_PIPE_BUSY = 231;
    public const int ERROR_CANT_OPEN_ANONYMOUS = 1347;
    public const int ERROR_CANNOT_IMPERSONATE = 1368;

    public const uint FILE_READ_ATTRIBUTES = 0x80;
    public const uint GENERIC_READ = 0x80000000;
    public const uint GENERIC_WRITE = 0x40000000;

    /// <summary>dwFlagsAndAttributes of a client: the server may see who it is, but not act for it.</summary>
    public const uint ClientFlags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;

    private const uint OPEN_EXISTING = 3;
    private const uint FILE_FLAG_OVERLAPPED = 0x40000000;
    private const uint SECURITY_SQOS_PRESENT = 0x00100000;
    private const uint SECURITY_IDENTIFICATION = 0x00010000;

    /// <summary>Makes one instance of a pipe; the handle is invalid if it fails, and the last error says
    /// why.</summary>
    public static SafePipeHandle CreateNamedPipe(PipeInstance instance)
    {
        using SecurityAttributes security = new(instance.Sddl);
        return CreateNamedPipe(instance.Name, instance.OpenMode, instance.PipeMode, instance.MaxInstances,
            instance.OutBufferSizeBytes, instance.InBufferSizeBytes, instance.DefaultTimeoutMilliseconds, security);
    }

    /// <summary>Opens a pipe as a client, with <see cref="ClientFlags"/>; the handle is invalid if that fails, and the
    /// last error says why.</summary>
    public static SafePipeHandle OpenPipe(string name, uint access) =>
        CreateFile(name, access, share: 0, security: 0, OPEN_EXISTING, ClientFlags, template: 0);

    /// <summary>Process id of the client of a server's handle; 0 if the system does not tell.</summary>
    public static int ClientProcessIdOf(SafePipeHandle pipe) =>
        GetNamedPipeClientProcessId(pipe, out uint id) ? (int)id : 0;

    /// <summary>Process id of the server of a client's handle; 0 if the system does not tell.</summary>
    public static int ServerProcessIdOf(SafePipeHandle pipe) =>
        GetNamedPipeServerProcessId(pipe, out uint id) ? (int)id : 0;

    /// <summary>Whether the other end has been closed, and nothing that it wrote is left to read.</summary>
    public static bool IsBroken(SafePipeHandle pipe) => !PeekNamedPipe(pipe, 0, 0, 0, 0, 0);

    /// <summary>SID of the client's token.</summary>
    /// <param name="pipe">The server's handle.</param>
    /// <param name="error">Why there is none.</param>
    public static string? ClientUserOf(SafePipeHandle pipe, out int error)
    {
        using SafeAccessTokenHandle? token = ClientTokenOf(pipe, out error);
        if (token is null)
        {
            return null;
        }

        using WindowsIdentity identity = new(token.DangerousGetHandle());
        return identity.User?.Value;
    }

    [LibraryImport("kernel32", EntryPoint = "WaitNamedPipeW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static partial bool WaitNamedPipe(string name, uint milliseconds);

    /// <summary>Nothing but the two calls happens while this thread is the client.</summary>
    private static SafeAccessTokenHandle? ClientTokenOf(SafePipeHandle pipe, out int error)
    {
        if (!ImpersonateNamedPipeClient(pipe))
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        SafeAccessTokenHandle token;
        try
        {
            // As this process: a client that only lets itself be identified could not open its own token.
            bool opened = OpenThreadToken(GetCurrentThread(), (uint)TokenAccessLevels.Query, asSelf: true, out token);
            error = opened ? 0 : Marshal.GetLastPInvokeError();
        }
        finally
        {
            if (!RevertToSelf())
            {
                Environment.FailFast("A thread cannot stop impersonating a client: "
                    + Marshal.GetLastPInvokeErrorMessage());
            }
        }

        if (error != 0)
        {
            token.Dispose();
            return null;
        }

        return token;
    }

    [LibraryImport("kernel32", EntryPoint = "CreateNamedPipeW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafePipeHandle CreateNamedPipe(string name, uint openMode, uint pipeMode, uint maxInstances,
        uint outBufferSize, uint inBufferSize, uint defaultTimeout, SecurityAttributes security);

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafePipeHandle CreateFile(string name, uint access, uint share, nint security,
        uint disposition, uint flags, nint template);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetNamedPipeClientProcessId(SafePipeHandle pipe, out uint processId);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetNamedPipeServerProcessId(SafePipeHandle pipe, out uint processId);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool PeekNamedPipe(
        SafePipeHandle pipe, nint buffer, uint size, nint read, nint available, nint left);

    [LibraryImport("advapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool ImpersonateNamedPipeClient(SafePipeHandle pipe);

    [LibraryImport("advapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool RevertToSelf();

    [LibraryImport("advapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool OpenThreadToken(nint thread, uint access,
        [MarshalAs(UnmanagedType.Bool)] bool asSelf, out SafeAccessTokenHandle token);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetCurrentThread();
}
