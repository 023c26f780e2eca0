using System.Globalization;
using System.Text.RegularExpressions;
using SecureAgent.Tests.Channels.UnixSocket;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

/// <summary>Generates known_hosts files and compares which lines are for a host with what <c>ssh-keygen -F</c>
/// finds.</summary>
public sealed partial class KnownHostsDifferentialTests : IDisposable
{
    private const int Files = 10;

    private static readonly string[] Hosts =
    [
        "a.example", "b.example", "sub.a.example", "[a.example]:2222", "192.0.2.1", "[2001:db8::1]:22", "c",
        "none.test",
    ];

    private static readonly string[] Patterns =
    [
        .. Hosts, "*.example", "!b.example", "*", "?", "[*]:2222", "192.0.2.*", "A.Example", "*a*a*a*", "!*.test", ",c",
    ];

    private static readonly string[] Junk =
    [
        "", "# a.example comment", "a.example", "a.example ssh-ed25519", "@other a.example KEY",
        "a.example no-type AAAA", "@revoked @revoked a.example KEY",
    ];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Lines_are_for_the_hosts_for_which_ssh_keygen_finds_them()
    {
        int found = 0;
        for (int seed = 0; seed < Files; seed++)
        {
            found += await CompareAsync(Generate(new Random(seed), withJunk: true), seed);
        }

        Assert.True(found > Files * 5, $"only {found} lines were found");
    }

    [Fact]
    public async Task Hashed_lines_are_for_the_hosts_for_which_ssh_keygen_finds_them()
    {
        int found = 0;
        for (int seed = 0; seed < Files; seed++)
        {
            string file = Generate(new Random(seed), withJunk: false);
            ToolResult hashed = await ToolResult.RunAsync(Requires.Tool("ssh-keygen"), ["-H", "-f", file]);
            Assert.True(hashed.ExitCode == 0, hashed.Error);
            Assert.Contains("|1|", await File.ReadAllTextAsync(file, Test), StringComparison.Ordinal);
            found += await CompareAsync(file, seed);
        }

        Assert.True(found > Files * 5, $"only {found} lines were found");
    }

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    private static async Task<int> CompareAsync(string file, int seed)
    {
        string[] lines = await File.ReadAllLinesAsync(file, Test);
        int found = 0;
        foreach (string host in Hosts)
        {
            ToolResult result = await ToolResult.RunAsync(Requires.Tool("ssh-keygen"), ["-F", host, "-f", file]);
            int[] theirs = [.. FoundLine().Matches(result.Output).Select(match =>
                int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
            int[] ours = [.. Enumerable.Range(1, lines.Length).Where(number =>
                KnownHostsLine.Parse(lines[number - 1]) is { } line && line.IsFor(host))];
            Assert.True(
                theirs.SequenceEqual(ours),
                $"seed {seed}, {host}: ssh-keygen {string.Join(' ', theirs)}, here {string.Join(' ', ours)}\n"
                    + string.Join('\n', lines));
            found += ours.Length;
        }

        return found;
    }

    private string Generate(Random random, bool withJunk)
    {
        List<string> lines = [];
        for (int i = 0; i < 25; i++)
        {
            string[] patterns = random.GetItems(Patterns, random.Next(1, 4));
            string marker = random.Next(6) switch { 0 => "@cert-authority ", 1 => "@revoked ", _ => "" };
            string line = withJunk && random.Next(5) == 0
                ? random.GetItems(Junk, 1)[0]
                : $"{marker}{string.Join(',', patterns)} KEY";
            lines.Add(line.Replace("KEY", WireVectors.Text("ed25519.pub").Trim(), StringComparison.Ordinal));
        }

        string path = Path.Combine(_directory.Path, Guid.NewGuid().ToString("N"));
        File.WriteAllLines(path, lines);
        return path;
    }

    [GeneratedRegex(@"^# Host .* found: line (\d+)", RegexOptions.Multiline)]
    private static partial Regex FoundLine();
}
