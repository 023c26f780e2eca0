using System.Runtime.InteropServices;

namespace SecureAgent.Tests;

/// <summary>Skips a test whose real component is missing, with the line that installs it; where
/// SECURE_AGENT_REQUIRE_ALL=1 (as in CI) a missing component fails the test.</summary>
internal static partial class Requires
{
    private static readonly Dictionary<string, string> Packages = new()
    {
        ["csh"] = "csh",
        ["dash"] = "dash",
        ["gcc"] = "gcc libc6-dev",
        ["git"] = "git",
        ["ls"] = "coreutils",
        ["opensc-tool"] = "opensc",
        ["openssl"] = "openssl",
        ["pcscd"] = "pcscd vsmartcard-vpcd",
        ["prlimit"] = "util-linux",
        ["script"] = "bsdutils",
        ["setpriv"] = "util-linux",
        ["sh"] = "dash",
        ["ssh"] = "openssh-client",
        ["ssh-add"] = "openssh-client",
        ["ssh-agent"] = "openssh-client",
        ["ssh-keygen"] = "openssh-client",
        ["sshd"] = "openssh-server",
        ["swtpm"] = "swtpm",
        ["systemd-analyze"] = "systemd",
        ["systemd-socket-activate"] = "systemd",
        ["tpm2_getcap"] = "tpm2-tools",
        ["unshare"] = "util-linux",
        ["wine"] = "wine wine64",
        ["Xvfb"] = "xvfb",
    };

    /// <summary>Whether what calls itself Windows is Wine, which does without some of it.</summary>
    public static bool IsWine => OperatingSystem.IsWindows()
        && NativeLibrary.TryGetExport(GetModuleHandle("ntdll.dll"), "wine_get_version", out _);

    /// <summary>Ends the test on another system: it is no part of a run there, and nothing is missing.</summary>
    /// <param name="what">What only Linux has, as in "Unix sockets".</param>
    public static void Linux(string what) => Assert.SkipUnless(OperatingSystem.IsLinux(), $"Needs Linux: {what}.");

    /// <summary>Ends the test on another system: it is no part of a run there, and nothing is missing.</summary>
    /// <param name="what">What only Windows has, as in "named pipes".</param>
    public static void Windows(string what) => Assert.SkipUnless(OperatingSystem.IsWindows(), $"Needs Windows: {what}.");

    /// <summary>Returns the full path of <paramref name="tool"/>, a program of Linux, or ends the test.</summary>
    public static string Tool(string tool)
    {
        Linux(tool);
        string? path = Find(tool);
        if (path is null)
        {
            Missing($"{tool} is not installed: apt-get install {Packages[tool]}");
        }

        return path!;
    }

    /// <summary>Ends the test unless <paramref name="path"/> exists; <paramref name="package"/> is what brings it.</summary>
    public static void File(string path, string package)
    {
        if (!System.IO.File.Exists(path))
        {
            Missing($"{path} is not there: apt-get install {package}");
        }
    }

    /// <summary>Ends the test unless <paramref name="program"/> was published for <paramref name="rid"/>.</summary>
    public static void Published(string program, string rid)
    {
        if (!System.IO.File.Exists(program))
        {
            Missing($"{program} is not there: dotnet publish src/SecureAgent.Cli -c Release -r {rid} --self-contained "
                + $"-o artifacts/{rid}");
        }
    }

    /// <summary>The full path of <paramref name="tool"/>, or <see langword="null"/>.</summary>
    public static string? Find(string tool)
    {
        string[] directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return directories.Concat(["/usr/sbin", "/usr/bin"])
            .Select(directory => Path.Combine(directory, tool))
            .FirstOrDefault(System.IO.File.Exists);
    }

    private static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("SECURE_AGENT_REQUIRE_ALL") == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }

    // It is in every process, and what an earlier test did to the search for libraries does not matter.
    [LibraryImport("kernel32", EntryPoint = "GetModuleHandleW", StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint GetModuleHandle(string name);
}
