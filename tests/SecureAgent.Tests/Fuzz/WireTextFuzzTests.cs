using System.Text;
using SecureAgent.Core;
using SecureAgent.Tests.Wire;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Fuzz;

/// <summary>Lines and patterns that people and other programs write.</summary>
public sealed class WireTextFuzzTests
{
    private const int Rounds = 8000;

    [Fact]
    public void Public_key_lines_are_read_or_refused() => FuzzHarness.Mutate(
        Rounds,
        [.. WireVectors.Names("*.pub").Select(WireVectors.Bytes)],
        bytes =>
        {
            OpenSshPublicKeyLine line = OpenSshPublicKeyLine.Parse(Encoding.UTF8.GetString(bytes));
            string written = OpenSshPublicKeyLine.Format(line.Blob, line.Comment);
            Assert.DoesNotContain(written, character => char.IsControl(character));
            Assert.Equal(line.Blob, OpenSshPublicKeyLine.Parse(written).Blob);
        },
        typeof(WireFormatException));

    [Fact]
    public void Lines_of_known_hosts_are_read_or_passed_over()
    {
        string key = WireVectors.Text("ed25519.pub").Trim();
        string[] lines =
        [
            $"example.org,192.0.2.1 {key}",
            $"*.example.org,!bad.example.org,[example.org]:2222 {key} # comment",
            $"@cert-authority *.example.org {key}",
            $"@revoked * {key}",
            $"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {key}",
            "# comment",
        ];
        FuzzHarness.Mutate(Rounds, [.. lines.Select(Encoding.UTF8.GetBytes)], bytes =>
        {
            if (KnownHostsLine.Parse(Encoding.UTF8.GetString(bytes)) is { } line)
            {
                Assert.All(line.Names, name => Assert.NotEqual(0, name.Length));
                Assert.False(line.IsFor("host.that.is.nowhere") && line.Hosts.IndexOfAny(['*', '?']) < 0);
                _ = line.IsFor("192.0.2.1");
            }
        });
    }

    [Fact]
    public void Patterns_match_what_a_table_of_all_ways_says() => FuzzHarness.Run(Rounds * 4, round =>
    {
        string pattern = Word(round.Random, "ab*?,!");
        string text = Word(round.Random, "ab,");
        round.Feed(
            Encoding.ASCII.GetBytes($"{pattern} {text}"),
            _ =>
            {
                Assert.Equal(Matches(pattern, text), WildcardPattern.Matches(pattern, text));
                string[] patterns = pattern.Split(',');
                bool negated = patterns.Any(one => one.StartsWith('!') && Matches(one[1..], text));
                bool matched = patterns[..^(patterns[^1].Length == 0 ? 1 : 0)].Any(
                    one => !one.StartsWith('!') && Matches(one, text));
                Assert.Equal(matched && !negated, WildcardPattern.MatchesList(pattern, text));
            },
            FuzzHarness.MaxAllocatedBytes);
    });

    [Fact]
    public void Pattern_of_many_stars_takes_no_longer_than_its_length_times_the_texts() => FuzzHarness.Run(1, round =>
    {
        // Tried in every way, this would take longer than the universe; so would a regular expression.
        string stars = string.Concat(Enumerable.Repeat("*a", WireLimits.MaxUserPatternBytes / 2)) + "b";
        string text = new('a', 20_000);
        round.Feed(
            Encoding.ASCII.GetBytes(stars),
            _ => Assert.False(WildcardPattern.Matches(stars, text)),
            FuzzHarness.MaxAllocatedBytes);
    });

    [Fact]
    public void Purpose_rules_are_read_as_they_are_written() => FuzzHarness.Mutate(
        Rounds,
        [.. ((string[])["auth", "sshsig", "sshsig:git", "sshsig:file@example.org", "ca", "unknown"])
            .Select(Encoding.UTF8.GetBytes)],
        bytes =>
        {
            string text = Encoding.UTF8.GetString(bytes);
            if (PurposeRule.TryParse(text, out PurposeRule? rule))
            {
                Assert.Equal(text, rule.ToString());
                Assert.Equal(text == "unknown", rule.Allows(SignedPayload.UnknownPayload.Instance));
                SignedPayload file = new SignedPayload.SshSignature("git", "sha512");
                Assert.Equal(text is "sshsig" or "sshsig:git", rule.Allows(file));
            }
        });

    private static string Word(Random random, string letters) =>
        new([.. Enumerable.Range(0, random.Next(9)).Select(_ => letters[random.Next(letters.Length)])]);

    /// <summary>The textbook's table: whether each beginning of the pattern fits each beginning of the text.</summary>
    private static bool Matches(string pattern, string text)
    {
        bool[,] fits = new bool[pattern.Length + 1, text.Length + 1];
        fits[0, 0] = true;
        for (int p = 1; p <= pattern.Length; p++)
        {
            for (int t = 0; t <= text.Length; t++)
            {
                fits[p, t] = pattern[p - 1] == '*'
                    ? fits[p - 1, t] || (t > 0 && fits[p, t - 1])
                    : t > 0 && fits[p - 1, t - 1] && (pattern[p - 1] == '?' || pattern[p - 1] == text[t - 1]);
            }
        }

        return fits[pattern.Length, text.Length];
    }
}
