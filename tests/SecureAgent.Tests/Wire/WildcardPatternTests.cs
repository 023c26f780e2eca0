using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class WildcardPatternTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("?", "a", true)]
    [InlineData("a", "A", false)]
    [InlineData("/usr/lib*/*", "/usr/lib64/pkcs11/m.so", true)]
    [InlineData("/usr/lib*/*", "/usr/libexec", false)]
    [InlineData("*.example", "a.b.example", true)]
    [InlineData("*.example", "example", false)]
    [InlineData("a*b*c", "a-b-b-c", true)]
    [InlineData("a*b*c", "a-c-b", false)]
    [InlineData("**?", "x", true)]
    [InlineData("x?", "x", false)]
    public void A_star_is_any_text_and_a_question_mark_one_character(string pattern, string text, bool matches) =>
        Assert.Equal(matches, WildcardPattern.Matches(pattern, text));

    [Theory]
    [InlineData("a,b", "b", true)]
    [InlineData("a,b", "c", false)]
    [InlineData("*,!root", "root", false)]
    [InlineData("!root,*", "root", false)]
    [InlineData("!root", "user", false)]
    [InlineData("!root,*", "user", true)]
    [InlineData("", "", false)]
    [InlineData("a,", "", false)]
    [InlineData(",a", "", true)]
    [InlineData("!!a,*", "!a", false)]
    public void A_list_takes_what_one_pattern_fits_and_none_forbids(string list, string text, bool matches) =>
        Assert.Equal(matches, WildcardPattern.MatchesList(list, text));

    [Fact]
    public void Every_short_pattern_and_text_match_as_the_regular_expression_does()
    {
        string[] patterns = [.. Words("ab*?", 4)];
        string[] texts = [.. Words("ab", 5)];
        foreach (string pattern in patterns)
        {
            Regex regex = new($"^{pattern.Replace('?', '.').Replace("*", ".*", StringComparison.Ordinal)}\\z");
            foreach (string text in texts)
            {
                Assert.True(
                    regex.IsMatch(text) == WildcardPattern.Matches(pattern, text), $"\"{pattern}\" and \"{text}\"");
            }
        }
    }

    [Fact]
    public void Many_stars_do_not_take_exponential_time()
    {
        string pattern = new StringBuilder().Insert(0, "*a", 500).Append('b').ToString();
        long start = Stopwatch.GetTimestamp();
        Assert.False(WildcardPattern.Matches(pattern, new string('a', 2000)));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
    }

    private static List<string> Words(string alphabet, int longest)
    {
        List<string> words = [""];
        List<string> all = [""];
        for (int length = 1; length <= longest; length++)
        {
            words = [.. words.SelectMany(word => alphabet.Select(letter => word + letter))];
            all.AddRange(words);
        }

        return all;
    }
}
