using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Principal;
using System.Text;

namespace SecureAgent.Tests.Channels.Pageant;

/// <summary>One query as PuTTY makes it (windows/agent-client.c), call by call, and as others do that differ from it:
/// a mapping, its name in a WM_COPYDATA, the answer in place of the request.</summary>
[SupportedOSPlatform("windows")]
internal sealed unsafe partial class PuttyClient : IDisposable
{
    public const nuint CopyDataId = 0x804e50ba;

    private const uint PAGE_READWRITE = 4;
    private const uint FILE_MAP_WRITE = 2;
    private const uint SECURITY_DESCRIPTOR_REVISION = 1;
    private const int SecurityDescriptorSizeBytes = 64;
    private const uint WM_COPYDATA = 0x4A;

    private readonly nint _mapping;
    private readonly byte* _view;

    /// <summary>Makes the mapping.</summary>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="owner">Its owner; <see langword="null"/> to name none.</param>
    public PuttyClient(int sizeBytes, SecurityIdentifier? owner)
    {
        SizeBytes = sizeBytes;
        byte[] sid = new byte[owner?.BinaryLength ?? 0];
        owner?.GetBinaryForm(sid, 0);
        byte* descriptor = stackalloc byte[SecurityDescriptorSizeBytes];
        fixed (byte* sidBytes = sid)
        {
            Attributes attributes = new() { Length = sizeof(Attributes), Descriptor = (nint)descriptor };
            if (owner is not null)
            {
                Check(InitializeSecurityDescriptor(descriptor, SECURITY_DESCRIPTOR_REVISION));
                Check(SetSecurityDescriptorOwner(descriptor, sidBytes, 0));
            }

            _mapping = CreateFileMapping(
                -1, owner is null ? null : &attributes, PAGE_READWRITE, 0, (uint)sizeBytes, Name);
        }

        Check(_mapping != 0 ? 1 : 0);
        _view = (byte*)MapViewOfFile(_mapping, FILE_MAP_WRITE, 0, 0, 0);
        Check(_view != null ? 1 : 0);
    }

    public static SecurityIdentifier User
    {
        get
        {
            using WindowsIdentity identity = WindowsIdentity.GetCurrent();
            return identity.User!;
        }
    }

    public int SizeBytes { get; }

    public string Name { get; } = $"PageantRequest{Guid.NewGuid():N}";

    public Span<byte> Memory => new(_view, SizeBytes);

    public static nint Window => FindWindow("Pageant", "Pageant");

    /// <summary>One query from start to end; blocks as the client does.</summary>
    /// <returns>The answer without its length.</returns>
    public static byte[] Ask(byte[] message, int sizeBytes = 256 * 1024)
    {
        using PuttyClient client = new(sizeBytes, User);
        client.Put(message);
        Assert.Equal(1, client.Send(Window));
        return client.Answer();
    }

    public void Put(byte[] message)
    {
        BinaryPrimitives.WriteInt32BigEndian(Memory, message.Length);
        message.CopyTo(Memory[4..]);
    }

    public byte[] Answer() => Memory.Slice(4, BinaryPrimitives.ReadInt32BigEndian(Memory)).ToArray();

    /// <summary>Sends the name to a window.</summary>
    /// <returns>The window's result.</returns>
    public nint Send(nint window) => Send(window, CopyDataId, Encoding.ASCII.GetBytes(Name + '\0'));

    public static nint Send(nint window, nuint id, byte[] bytes)
    {
        fixed (byte* data = bytes)
        {
            CopyData copyData = new() { Id = id, SizeBytes = (uint)bytes.Length, Data = (nint)data };
            return SendMessage(window, WM_COPYDATA, 0, &copyData);
        }
    }

    public void Dispose()
    {
        Check(UnmapViewOfFile((nint)_view));
        Check(CloseHandle(_mapping));
    }

    private static void Check(int result)
    {
        if (result == 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("user32", EntryPoint = "FindWindowA", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint FindWindow(string className, string title);

    [LibraryImport("user32", EntryPoint = "SendMessageA")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint SendMessage(nint window, uint message, nint wParam, CopyData* copyData);

    [LibraryImport("kernel32", EntryPoint = "CreateFileMappingA", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint CreateFileMapping(
        nint file, Attributes* attributes, uint protection, uint sizeHigh, uint sizeLow, string name);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint MapViewOfFile(nint mapping, uint access, uint high, uint low, nuint size);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int UnmapViewOfFile(nint view);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int CloseHandle(nint handle);

    [LibraryImport("advapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int InitializeSecurityDescriptor(byte* descriptor, uint revision);

    [LibraryImport("advapi32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetSecurityDescriptorOwner(byte* descriptor, byte* owner, int isDefaulted);

    [StructLayout(LayoutKind.Sequential)]
    private struct CopyData
    {
        public nuint Id;
        public uint SizeBytes;
        public nint Data;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public int Length;
        public nint Descriptor;
        public int InheritHandle;
    }
}
