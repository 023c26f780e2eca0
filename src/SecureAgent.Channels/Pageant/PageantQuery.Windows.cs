using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Channels.Windows;

namespace SecureAgent.Channels.Pageant;

/// <summary>One call of a Pageant's window, as PuTTY makes it (windows/agent-client.c).</summary>
[SupportedOSPlatform("windows")]
internal static partial class PageantQuery
{
    /// <summary>A person may be asked at the other end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private const uint PAGE_READWRITE = 4;
    private const uint FILE_MAP_WRITE = 2;
    private const int ERROR_ALREADY_EXISTS = 183;

    /// <summary>Sends one frame and waits for the answer.</summary>
    /// <param name="window">Pageant's.</param>
    /// <param name="frame">A message with its length, at most
    /// <see cref="PageantProtocol.ClientMappingSizeBytes"/>.</param>
    /// <returns>The answer with its length.</returns>
    /// <exception cref="IOException">Pageant has gone, refused to look at it, or does not answer in time.</exception>
    public static byte[] Ask(nint window, ReadOnlySpan<byte> frame)
    {
        // Owned by the user, and not by the administrators even if this process is elevated: the other end compares.
        string name = "PageantRequest" + RandomNumberGenerator.GetHexString(32);
        using SecurityAttributes security = new(OwnerOnlyDescriptor.ForObject(WindowsUser.Current.Sid));
        using SafeMemoryMappedFileHandle mapping =
            CreateFileMapping(-1, security, PAGE_READWRITE, 0, PageantProtocol.ClientMappingSizeBytes, name);
        if (mapping.IsInvalid || Marshal.GetLastPInvokeError() == ERROR_ALREADY_EXISTS)
        {
            throw new IOException("No memory to share with Pageant.",
                new Win32Exception(Marshal.GetLastPInvokeError()));
        }

        using SafeMemoryMappedViewHandle view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
        if (view.IsInvalid)
        {
            throw new IOException("No memory to share with Pageant.",
                new Win32Exception(Marshal.GetLastPInvokeError()));
        }

        view.Initialize(PageantProtocol.ClientMappingSizeBytes);
        view.WriteSpan(0, frame);
        try
        {
            Send(window, Encoding.ASCII.GetBytes(name + '\0'));
            return ReadAnswer(view);
        }
        finally
        {
            view.WriteSpan<byte>(0, new byte[frame.Length]); // It may have been a private key.
        }
    }

    private static unsafe void Send(nint window, ReadOnlySpan<byte> name)
    {
        fixed (byte* bytes = name)
        {
            User32.CopyData data = new()
            {
                Id = PageantProtocol.CopyDataId,
                SizeBytes = (uint)name.Length,
                Data = (nint)bytes,
            };
            if (User32.SendMessageTimeout(window, User32.WM_COPYDATA, 0, data, User32.SMTO_ERRORONEXIT,
                (uint)Patience.TotalMilliseconds, out nint result) == 0)
            {
                throw new IOException("Pageant did not answer.", new Win32Exception(Marshal.GetLastPInvokeError()));
            }

            if (result == 0)
            {
                throw new IOException("Pageant refused to look at a request; it may run as another user.");
            }
        }
    }

    private static byte[] ReadAnswer(SafeMemoryMappedViewHandle view)
    {
        Span<byte> prefix = stackalloc byte[PageantProtocol.PrefixSizeBytes];
        view.ReadSpan(0, prefix);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (!PageantProtocol.CanHold(PageantProtocol.ClientMappingSizeBytes, length))
        {
            throw new IOException($"Pageant's answer has a length of {length} bytes.");
        }

        byte[] answer = new byte[prefix.Length + (int)length];
        prefix.CopyTo(answer);
        view.ReadSpan((ulong)prefix.Length, answer.AsSpan(prefix.Length));
        return answer;
    }

    [LibraryImport("kernel32", EntryPoint = "CreateFileMappingW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeMemoryMappedFileHandle CreateFileMapping(nint file, SecurityAttributes security,
        uint protection, uint sizeHigh, uint sizeLow, string name);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeMemoryMappedViewHandle MapViewOfFile(
        SafeMemoryMappedFileHandle mapping, uint access, uint offsetHigh, uint offsetLow, nuint size);
}
