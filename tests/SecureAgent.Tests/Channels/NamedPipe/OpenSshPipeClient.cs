using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace SecureAgent.Tests.Channels.NamedPipe;

/// <summary>A pipe client that makes the calls of Win32-OpenSSH (contrib/win32/win32compat/fileio.c): CreateFileW with
/// these flags, then overlapped reads and writes. Unlike the original it does not come back after ERROR_PIPE_BUSY, so
/// that a test sees it.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class OpenSshPipeClient : IDisposable
{
    private const uint GENERIC_READ = 0x80000000;
    private const uint GENERIC_WRITE = 0x40000000;
    private const uint OPEN_EXISTING = 3;
    private const uint FILE_FLAG_OVERLAPPED = 0x40000000;
    private const uint SECURITY_SQOS_PRESENT = 0x00100000;
    private const uint SECURITY_IDENTIFICATION = 0x00010000;
    private const int ERROR_IO_PENDING = 997;

    private readonly SafePipeHandle _pipe;
    private readonly ManualResetEvent _done = new(false);

    private OpenSshPipeClient(SafePipeHandle pipe) => _pipe = pipe;

    public SafePipeHandle Handle => _pipe;

    /// <summary>Opens the pipe.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="security">How much of itself the client shows to the server, as flags of CreateFileW.</param>
    /// <exception cref="Win32Exception">It cannot.</exception>
    public static OpenSshPipeClient Open(
        string name, uint security = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION)
    {
        SafePipeHandle pipe = CreateFile(name, GENERIC_READ | GENERIC_WRITE, 0, 0, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | security, 0);
        int error = Marshal.GetLastPInvokeError();
        return pipe.IsInvalid ? throw new Win32Exception(error) : new OpenSshPipeClient(pipe);
    }

    /// <summary>Sends a request and reads the answer.</summary>
    public byte[] Ask(byte[] body)
    {
        byte[] frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        Write(frame);
        byte[] answer = new byte[BinaryPrimitives.ReadInt32BigEndian(Read(4))];
        Read(answer.Length).CopyTo(answer, 0);
        return answer;
    }

    public void Write(byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += Transfer(bytes, sent, bytes.Length - sent, isWrite: true);
        }
    }

    /// <summary>Reads exactly so many bytes.</summary>
    /// <exception cref="Win32Exception">The server hung up.</exception>
    public byte[] Read(int count)
    {
        byte[] bytes = new byte[count];
        for (int received = 0; received < count;)
        {
            received += Transfer(bytes, received, count - received, isWrite: false);
        }

        return bytes;
    }

    public void Dispose()
    {
        _pipe.Dispose();
        _done.Dispose();
    }

    private unsafe int Transfer(byte[] bytes, int offset, int count, bool isWrite)
    {
        Overlapped overlapped = new() { Event = _done.SafeWaitHandle.DangerousGetHandle() };
        fixed (byte* start = bytes)
        {
            bool isDone = isWrite
                ? WriteFile(_pipe, start + offset, (uint)count, null, &overlapped)
                : ReadFile(_pipe, start + offset, (uint)count, null, &overlapped);
            if (!isDone && Marshal.GetLastPInvokeError() != ERROR_IO_PENDING)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }

            uint transferred = 0;
            return GetOverlappedResult(_pipe, &overlapped, &transferred, true) && transferred > 0
                ? (int)transferred
                : throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafePipeHandle CreateFile(
        string name, uint access, uint share, nint security, uint disposition, uint flags, nint template);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool ReadFile(
        SafePipeHandle file, byte* buffer, uint count, uint* done, Overlapped* overlapped);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool WriteFile(
        SafePipeHandle file, byte* buffer, uint count, uint* done, Overlapped* overlapped);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static unsafe partial bool GetOverlappedResult(SafePipeHandle file, Overlapped* overlapped, uint* count,
        [MarshalAs(UnmanagedType.Bool)] bool wait);

    /// <summary>OVERLAPPED.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Overlapped
    {
        public nint Internal;
        public nint InternalHigh;
        public uint Offset;
        public uint OffsetHigh;
        public nint Event;
    }
}
