using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SecureAgent.Tests.HwSim;

/// <summary>Where libpcsclite finds pcscd when it is called in the process of the tests: nowhere, until a test says
/// which. The library reads the name of the socket once, so it is always the same one.</summary>
/// <remarks>No test, nor a program that one starts with the environment of the tests, touches tokens of the machine
/// that it runs on.</remarks>
internal static partial class PcscOfThisProcess
{
    /// <summary>The tests that use it, which take turns.</summary>
    public const string Collection = "PC/SC of this process";

    private static readonly string Current =
        Path.Combine(Path.GetTempPath(), $"secure-agent-tests-{Environment.ProcessId}-pcscd");

    /// <summary>Uses <paramref name="daemon"/> until the result is disposed.</summary>
    public static IDisposable Use(PcscDaemon daemon)
    {
        File.Delete(Current); // of a process that had this one's number and was killed
        Directory.CreateSymbolicLink(Current, daemon.DirectoryPath);
        return new Link();
    }

    [ModuleInitializer]
    internal static void SetName()
    {
        if (OperatingSystem.IsLinux())
        {
            string socket = Path.Combine(Current, PcscDaemon.SocketName);
            Environment.SetEnvironmentVariable("PCSCLITE_CSOCK_NAME", socket); // does not reach getenv(3)
            Assert.Equal(0, SetEnvironment("PCSCLITE_CSOCK_NAME", socket, 1));
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    private sealed class Link : IDisposable
    {
        public void Dispose() => File.Delete(Current);
    }
}
