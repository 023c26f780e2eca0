using System.Text.RegularExpressions;

namespace SecureAgent.Tests;

/// <summary>Holds what the compiler cannot: directions between assemblies, isolation of siblings, namespaces, names,
/// and where Windows code stands (docs/architecture.md).</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Root = FindRoot();

    private static readonly (string Path, string Text)[] Sources =
    [
        .. new[] { "src", "hwsim", "tests" }
            .SelectMany(top => Directory.EnumerateFiles(Path.Combine(Root, top), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .Select(path => (path, File.ReadAllText(Path.Combine(Root, path)))),
    ];

    private static IEnumerable<(string Path, string Text)> Product => Sources.Where(source => !source.Path.StartsWith("tests/", StringComparison.Ordinal));

    [Fact]
    public void Projects_reference_only_downwards()
    {
        Dictionary<string, string[]> allowed = new()
        {
            ["SecureAgent.Wire"] = [],
            ["SecureAgent.Core"] = ["SecureAgent.Wire"],
            ["SecureAgent.Backends"] = ["SecureAgent.Core"],
            ["SecureAgent.Channels"] = ["SecureAgent.Core"],
            ["SecureAgent.Cli"] = ["SecureAgent.Backends", "SecureAgent.Channels"],
            ["SecureAgent.HwSim"] = [],
        };
        foreach ((string project, string[] references) in allowed)
        {
            string top = project == "SecureAgent.HwSim" ? "hwsim" : "src";
            string text = File.ReadAllText(Path.Combine(Root, top, project, project + ".csproj"));
            string[] found = [.. ProjectReference().Matches(text).Select(match => match.Groups[1].Value).Order()];
            Assert.Equal(references, found);
        }
    }

    [Fact]
    public void Siblings_never_name_each_other() => AssertNone(
        from source in Product
        let sibling = Sibling().Match(source.Path)
        where sibling.Success
        from Match named in NamedSibling().Matches(source.Text)
        where named.Groups[1].Value == sibling.Groups[1].Value && named.Groups[2].Value != sibling.Groups[2].Value
        select $"{source.Path} names {named.Value}");

    [Fact]
    public void Namespace_is_folder() => AssertNone(
        from source in Sources
        let expected = Path.GetDirectoryName(source.Path)!.Replace('\\', '/').Split('/', 2)[1].Replace('/', '.')
        let declared = Namespace().Match(source.Text)
        where declared.Success && declared.Groups[1].Value != expected
        select $"{source.Path}: {declared.Groups[1].Value} instead of {expected}");

    [Fact]
    public void Windows_code_stands_in_Windows_files_and_says_so() => AssertNone(
        from source in Product
        where source.Path.EndsWith(".Windows.cs", StringComparison.Ordinal)
            != source.Text.Contains("[SupportedOSPlatform(\"windows\")]", StringComparison.Ordinal)
        select source.Path);

    [Fact]
    public void Wire_and_Core_call_no_operating_system() => AssertNone(
        from source in Product
        where source.Path.StartsWith("src/SecureAgent.Wire/", StringComparison.Ordinal) || source.Path.StartsWith("src/SecureAgent.Core/", StringComparison.Ordinal)
        where OperatingSystemCall().IsMatch(source.Text)
        select source.Path);

    [Fact]
    public void Bouncy_Castle_is_named_in_one_file() => AssertNone(
        from source in Product
        where source.Text.Contains("BouncyCastle", StringComparison.Ordinal) && source.Path != "src/SecureAgent.Core/Ed25519.cs"
        select source.Path);

    [Fact]
    public void No_partial_read_is_taken_for_a_whole_one() => AssertNone(
        from source in Product
        where BareRead().IsMatch(source.Text)
        select source.Path);

    [Fact]
    public void Files_have_one_reason_to_exist() => AssertNone(
        from source in Product
        let lines = source.Text.AsSpan().Count('\n')
        where lines > 500 || BadName().IsMatch(source.Path) || source.Text.Contains("#region", StringComparison.Ordinal)
        select $"{source.Path} ({lines} lines)");

    private static void AssertNone(IEnumerable<string> offenders) => Assert.Equal([], offenders);

    private static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "SecureAgent.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new DirectoryNotFoundException("No SecureAgent.sln above the test program.");
    }

    [GeneratedRegex(@"<ProjectReference Include=""[^""]*?([\w.]+)\.csproj""")]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"^src/SecureAgent\.(Backends|Channels)/(\w+)/")]
    private static partial Regex Sibling();

    [GeneratedRegex(@"\bSecureAgent\.(Backends|Channels)\.(Tpm|Piv|Pkcs11|CertStore|Software|SecurityKey|Memory|UnixSocket|NamedPipe|Pageant|Cygwin|HyperV|XAgent|Relay)\b")]
    private static partial Regex NamedSibling();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"LibraryImport|DllImport|OperatingSystem\.Is|System\.Net\.Sockets|System\.IO\.Pipes|FileStream|\bFile\.")]
    private static partial Regex OperatingSystemCall();

    // CA2022 misses a discarded `await stream.ReadAsync(memory).ConfigureAwait(false)`, and every `_ = Read(...)`.
    [GeneratedRegex(@"^\s*(_ = )?(await )?[\w.]*([sS]tream\w*\.Read|\.ReadAsync|\.Receive|\.ReceiveAsync)\(.*\)(\.ConfigureAwait\(false\))?;\s*$", RegexOptions.Multiline)]
    private static partial Regex BareRead();

    [GeneratedRegex(@"(Utils?|Helpers?|Manager|Common)(\.\w+)?\.cs$|/(Utils?|Helpers?|Common)/")]
    private static partial Regex BadName();
}
