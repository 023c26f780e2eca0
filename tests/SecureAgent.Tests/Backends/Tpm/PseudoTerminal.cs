using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A character device for want of <c>/dev/tpmrm0</c>: a pseudo terminal in raw mode, with a TPM at its other end
/// that gives each answer in two pieces.</summary>
internal sealed unsafe partial class PseudoTerminal : IDisposable
{
    private const int TcsaNow = 0;

    private readonly FileStream _master;
    private readonly SafeFileHandle _slave;

    public PseudoTerminal(ITpmDevice tpm)
    {
        byte* name = stackalloc byte[128];
        byte* terminal = stackalloc byte[256];
        Assert.Equal(0, OpenPty(out int master, out int slave, name, 0, 0));
        _master = new FileStream(new SafeFileHandle(master, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
        _slave = new SafeFileHandle(slave, ownsHandle: true);
        Assert.Equal(0, GetAttributes(slave, terminal));
        MakeRaw(terminal);
        Assert.Equal(0, SetAttributes(slave, TcsaNow, terminal));
        Path = Marshal.PtrToStringUTF8((nint)name)!;
        new Thread(() => Serve(tpm)) { IsBackground = true }.Start();
    }

    /// <summary>The path of the device.</summary>
    public string Path { get; }

    public void Dispose()
    {
        _slave.Dispose();
        _master.Dispose();
    }

    private void Serve(ITpmDevice tpm)
    {
        try
        {
            byte[] command = new byte[4096];
            byte[] response = new byte[4096];
            while (true)
            {
                _master.ReadExactly(command.AsSpan(0, 10));
                int length = BinaryPrimitives.ReadInt32BigEndian(command.AsSpan(2));
                _master.ReadExactly(command.AsSpan(10, length - 10));
                int answered = tpm.Transmit(command.AsSpan(0, length), response);
                _master.Write(response.AsSpan(0, 7));
                _master.Write(response.AsSpan(7, answered - 7));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "openpty")]
    private static partial int OpenPty(out int master, out int slave, byte* name, nint terminal, nint window);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int file, byte* terminal);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int file, int when, byte* terminal);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* terminal);
}
