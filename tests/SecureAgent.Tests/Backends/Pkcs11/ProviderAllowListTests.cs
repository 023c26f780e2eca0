using System.Diagnostics;
using System.Runtime.Versioning;
using SecureAgent.Backends.Pkcs11;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Pkcs11;

[UnsupportedOSPlatform("windows")]
public sealed class ProviderAllowListTests : IDisposable
{
    private readonly TrustedDirectory _directory = new();
    private readonly ProviderAllowList _allowed;

    public ProviderAllowListTests() => _allowed = new ProviderAllowList([_directory.Path + "/lib/*"]);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_module_in_an_allowed_place_is_told_by_its_real_path_and_file()
    {
        string module = _directory.Write("lib/m.so");
        ProviderModule checkedModule = _allowed.Check(_directory.Path + "/lib/../lib/./m.so");
        Assert.Equal(module, checkedModule.RealPath);
        using FileStream file = File.OpenRead(module);
        Assert.Equal(ModuleIdentity.Of(file.SafeFileHandle), checkedModule.Identity);
    }

    [Fact]
    public void The_default_patterns_are_those_of_OpenSSH() =>
        Assert.Equal(["/usr/lib*/*", "/usr/local/lib*/*"], ProviderAllowList.DefaultPatterns);

    [Fact]
    public void A_module_of_the_system_passes_the_default_patterns()
    {
        string mapped = File.ReadLines("/proc/self/maps").First(
            line => line.Contains("/libc.so", StringComparison.Ordinal));
        string library = mapped[mapped.IndexOf('/', StringComparison.Ordinal)..];
        Assert.NotEmpty(new ProviderAllowList(ProviderAllowList.DefaultPatterns).Check(library).RealPath);
    }

    [Theory]
    [InlineData("bin/m.so")]
    [InlineData("lib/../bin/m.so")]
    [InlineData("lib/link.so")]
    [InlineData("lib/directory/m.so")]
    public void Only_the_real_path_counts(string path)
    {
        string forbidden = _directory.Write("bin/m.so");
        Directory.CreateDirectory(_directory.Path + "/lib");
        File.CreateSymbolicLink(_directory.Path + "/lib/link.so", forbidden);
        Directory.CreateSymbolicLink(_directory.Path + "/lib/directory", _directory.Path + "/bin");
        string message = Refusal(_directory.Path + "/" + path).Message;
        Assert.Contains(forbidden + " is not among the modules that may be loaded", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_from_elsewhere_to_an_allowed_module_is_that_module()
    {
        string module = _directory.Write("lib/m.so");
        File.CreateSymbolicLink(_directory.Path + "/link", module);
        Assert.Equal(module, _allowed.Check(_directory.Path + "/link").RealPath);
    }

    [Fact]
    public void A_pattern_may_forbid_and_no_pattern_allows_nothing()
    {
        string module = _directory.Write("lib/bad.so");
        Assert.Equal(module, _allowed.Check(module).RealPath);
        Refused(new ProviderAllowList([_directory.Path + "/*", "!*/bad.so"]), module, "not among");
        Refused(new ProviderAllowList([]), module, "not among");
    }

    [Fact]
    public void A_file_put_in_place_of_the_checked_one_has_another_identity()
    {
        string module = _directory.Write("lib/a.so");
        string other = _directory.Write("lib/b.so");
        string link = _directory.Path + "/lib/link.so";
        File.CreateSymbolicLink(link, module);
        ProviderModule checkedModule = _allowed.Check(link);
        File.Move(other, module, overwrite: true);
        using FileStream opened = File.OpenRead(checkedModule.RealPath);
        Assert.NotEqual(checkedModule.Identity, ModuleIdentity.Of(opened.SafeFileHandle));
    }

    [Fact]
    public void A_link_turned_to_another_module_after_the_check_leaves_the_checked_path()
    {
        string module = _directory.Write("lib/a.so");
        string link = _directory.Path + "/lib/link.so";
        File.CreateSymbolicLink(link, module);
        ProviderModule checkedModule = _allowed.Check(link);
        File.Delete(link);
        File.CreateSymbolicLink(link, _directory.Write("lib/b.so"));
        using FileStream real = File.OpenRead(checkedModule.RealPath);
        using FileStream turned = File.OpenRead(link);
        Assert.Equal(checkedModule.Identity, ModuleIdentity.Of(real.SafeFileHandle));
        Assert.NotEqual(checkedModule.Identity, ModuleIdentity.Of(turned.SafeFileHandle));
    }

    [Theory]
    [InlineData("lib/m.so", UnixFileMode.GroupWrite)]
    [InlineData("lib/m.so", UnixFileMode.OtherWrite)]
    [InlineData("lib", UnixFileMode.GroupWrite)]
    [InlineData("lib", UnixFileMode.OtherWrite)]
    [InlineData("lib", UnixFileMode.OtherWrite | UnixFileMode.StickyBit)]
    [InlineData("", UnixFileMode.OtherWrite)]
    public void What_others_can_change_is_refused(string path, UnixFileMode more)
    {
        string module = _directory.Write("lib/m.so");
        string weak = Path.TrimEndingDirectorySeparator(Path.Combine(_directory.Path, path));
        File.SetUnixFileMode(weak, File.GetUnixFileMode(weak) | more);
        Refused(_allowed, module, $"{weak} can be changed by others");
    }

    [Fact]
    public void A_module_below_tmp_is_refused_even_in_a_directory_of_ones_own()
    {
        DirectoryInfo own = Directory.CreateTempSubdirectory("sa-");
        try
        {
            string module = Path.Combine(own.FullName, "m.so");
            File.WriteAllText(module, "");
            Refused(new ProviderAllowList(["*"]), module, "can be changed by others");
        }
        finally
        {
            own.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("lib/m.so")]
    [InlineData("lib")]
    public void What_belongs_to_another_user_is_refused(string path)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can give a file away.");
        string module = _directory.Write("lib/m.so");
        string given = Path.Combine(_directory.Path, path);
        using (Process chown = Process.Start("chown", ["64321", given]))
        {
            chown.WaitForExit();
            Assert.Equal(0, chown.ExitCode);
        }

        Refused(_allowed, module, $"{given} belongs to user 64321");
    }

    [Fact]
    public void A_directory_is_no_module()
    {
        Directory.CreateDirectory(_directory.Path + "/lib/m.so");
        Refused(_allowed, _directory.Path + "/lib/m.so", "is no regular file");
    }

    [Fact]
    public void A_missing_file_is_said_to_be_missing()
    {
        BackendException refusal = Refusal(_directory.Path + "/lib/m.so");
        Assert.Equal(BackendFailure.DeviceAbsent, refusal.Failure);
        Assert.Contains("No such file", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("m.so")]
    [InlineData("./lib/m.so")]
    [InlineData("/usr/lib/m.so\0")]
    public void What_is_no_absolute_path_is_refused(string path) =>
        Assert.Contains("is no absolute path", Refusal(path).Message, StringComparison.Ordinal);

    [Fact]
    public void A_path_that_is_too_long_or_leads_in_circles_is_refused()
    {
        File.CreateSymbolicLink(_directory.Path + "/loop", _directory.Path + "/loop");
        _ = Refusal(_directory.Path + "/loop");
        _ = Refusal("/" + new string('x', 100_000));
    }

    private BackendException Refusal(string path) => Assert.Throws<BackendException>(() => _allowed.Check(path));

    private static void Refused(ProviderAllowList list, string path, string why) => Assert.Contains(
        why, Assert.Throws<BackendException>(() => list.Check(path)).Message, StringComparison.Ordinal);
}
