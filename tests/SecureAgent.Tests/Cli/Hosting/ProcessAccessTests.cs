using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed partial class ProcessAccessTests
{
    private const string User = "S-1-5-21-1-2-3-1001";
    private const uint PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;

    [Fact]
    public void The_user_may_end_the_process_and_neither_read_it_nor_change_the_list() => Assert.Equal(
        $"D:P(A;;GA;;;SY)(A;;0x121001;;;OW)(A;;0x121001;;;{User})", ProcessAccess.Descriptor(User));

    [Fact]
    public void Windows_reads_the_descriptor_as_it_is_meant()
    {
        Requires.Windows("access lists of processes");
        if (OperatingSystem.IsWindows())
        {
            AssertDescriptor();
        }
    }

    [Fact]
    public void A_hardened_process_is_not_opened_for_reading()
    {
        Requires.Windows("access lists of processes");
        if (OperatingSystem.IsWindows())
        {
            AssertNotReadable();
        }
    }

    [SupportedOSPlatform("windows")]
    private static void AssertDescriptor()
    {
        RawSecurityDescriptor descriptor = new(ProcessAccess.Descriptor(User));
        Assert.True(descriptor.ControlFlags.HasFlag(ControlFlags.DiscretionaryAclProtected));
        foreach (CommonAce entry in descriptor.DiscretionaryAcl!.Cast<CommonAce>())
        {
            bool isSystem = entry.SecurityIdentifier.IsWellKnown(WellKnownSidType.LocalSystemSid);
            Assert.Equal(AceQualifier.AccessAllowed, entry.AceQualifier);
            Assert.True(isSystem || (entry.AccessMask & (ProcessAccess.VmRead | ProcessAccess.WriteDac)) == 0);
        }
    }

    [SupportedOSPlatform("windows")]
    private static void AssertNotReadable()
    {
        IReadOnlyList<string> weaknesses = ProcessHardening.Apply(forCommand: false);
        Assert.DoesNotContain(weaknesses, weakness => !weakness.Contains("diagnostics pipe", StringComparison.Ordinal));
        nint reading = OpenProcess(ProcessAccess.VmRead, 0, Environment.ProcessId);
        int error = Marshal.GetLastPInvokeError();
        Assert.Equal(((nint)0, 5), (reading, error));
        Assert.NotEqual(0, OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, Environment.ProcessId));
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint OpenProcess(uint access, int inherit, int processId);
}
