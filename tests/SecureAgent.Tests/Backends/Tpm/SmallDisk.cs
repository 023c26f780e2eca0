using System.Diagnostics;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>A file system of 64 KiB. Mounting needs privileges; without them the test is skipped.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static SmallDisk Mount(string path)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsLinux() || !Try("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", path))
        {
            Assert.Skip(
                "A small tmpfs cannot be mounted here: run the tests as root in a mount namespace of their own.");
        }

        return new SmallDisk(path);
    }

    public void Fill()
    {
        using FileStream stream = File.Create(System.IO.Path.Combine(Path, "fill"), 1);
        byte[] block = new byte[4096];
        try
        {
            for (int written = 0; written < 64 * 1024; written += block.Length)
            {
                stream.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Empty() => File.Delete(System.IO.Path.Combine(Path, "fill"));

    public void MakeReadOnly() => Assert.True(Try("mount", "-o", "remount,ro", Path));

    public void Dispose() => Assert.True(Try("umount", "--lazy", Path));

    private static bool Try(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!; // Not shell-executed, so there is a process.
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
