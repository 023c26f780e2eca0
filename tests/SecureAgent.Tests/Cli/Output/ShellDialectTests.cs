using System.Diagnostics;
using SecureAgent.Cli;
using SecureAgent.Cli.Output;

namespace SecureAgent.Tests.Cli.Output;

public sealed class ShellDialectTests : IDisposable
{
    private const string Awkward = " '\"$;\\`!#~*?&|<>(){}[]%^=a/";

    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    [Theory]
    [InlineData("sh")]
    [InlineData("dash")]
    [InlineData("bash")]
    public Task A_shell_reads_back_any_path(string shell) => ReadsBackAsync(
        shell, ShellDialect.Posix, "eval \"$(cat \"$1\")\"; printf '%s\\0' \"$V\"", Awkward + "\n\té");

    [Fact]
    public Task Csh_reads_back_any_path() => ReadsBackAsync(
        Requires.Tool("csh"), ShellDialect.Csh, "source $argv[1]; printenv V | tr '\\n' '\\001'; printf '\\0'",
        Awkward + "\n");

    [Theory]
    [InlineData("sh", "eval `cat \"$1\"`; printf '%s\\0' \"$V\"", "/tmp/it's a \"$HOME\"; path")]
    [InlineData("csh", "eval `cat $argv[1]`; printenv V | tr -d '\\n'; printf '\\0'", "/tmp/it's a \"$HOME\"; !path")]
    public async Task A_path_with_blanks_and_quotes_survives_the_usual_eval(string shell, string script, string path)
    {
        ShellDialect dialect = ShellDialect.All[shell];
        Assert.Equal([path], await RunAsync(Requires.Tool(shell), script, dialect.Set("V", path)));
    }

    [Fact]
    public void A_plain_path_is_printed_as_OpenSSH_prints_it()
    {
        Assert.Equal("V=/tmp/a.sock; export V;", ShellDialect.Posix.Set("V", "/tmp/a.sock"));
        Assert.Equal("setenv V /tmp/a.sock;", ShellDialect.Csh.Set("V", "/tmp/a.sock"));
    }

    /// <summary>By the quoting rules of each, because the shells are not where the tests run.</summary>
    [Fact]
    public void Other_shells_get_their_own_quotes()
    {
        Assert.Equal("$env:V = '/a''b $c \u2019\u2019d'", ShellDialect.PowerShell.Set("V", "/a'b $c \u2019d"));
        Assert.Equal("Remove-Item Env:V", ShellDialect.PowerShell.Unset("V"));
        Assert.Equal("set \"V=C:\\a b&c\"", ShellDialect.Cmd.Set("V", "C:\\a b&c"));
        Assert.Equal("set \"V=\"", ShellDialect.Cmd.Unset("V"));
        Assert.Equal("set -gx V '/a\\'b \\\\c';", ShellDialect.Fish.Set("V", "/a'b \\c"));
    }

    [Theory]
    [InlineData("a%PATH%")]
    [InlineData("a\"b")]
    [InlineData("a\nb")]
    public void Cmd_refuses_what_it_cannot_write(string path) =>
        Assert.Throws<CommandException>(() => ShellDialect.Cmd.Set("V", path));

    private async Task ReadsBackAsync(string shell, ShellDialect dialect, string script, string alphabet)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "These are shells of Unix.");
        Random random = new(20260101);
        foreach (int _ in Enumerable.Range(0, 40))
        {
            string path = "/" + new string(random.GetItems(alphabet.ToCharArray(), random.Next(1, 30)));
            string read = Assert.Single(await RunAsync(shell, script, dialect.Set("V", path)));
            // printenv ends its line, and tr has made every line end visible.
            string expected = script.Contains("\\001", StringComparison.Ordinal)
                ? path.Replace('\n', '\u0001') + '\u0001'
                : path;
            Assert.Equal(expected, read);
        }
    }

    private async Task<string[]> RunAsync(string shell, string script, string line)
    {
        Requires.Linux(shell);
        string file = _surroundings.Write("line", line + "\n");
        string program = _surroundings.Write("script", script + "\n");
        bool isCsh = Path.GetFileName(shell).EndsWith("csh", StringComparison.Ordinal);
        string[] arguments = isCsh ? ["-f", program, file] : [program, file];
        using Process process =
            Process.Start(new ProcessStartInfo(shell, arguments) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        return output.Split('\0')[..^1];
    }
}
