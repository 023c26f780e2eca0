using System.Text;
using SecureAgent.Cli.Output;

namespace SecureAgent.Tests.Cli.Output;

public sealed class SafeTextTests
{
    /// <summary>What a hostile comment, host name or executable may try (Unicode TR36 sections 2 and 3,
    /// ECMA-48).</summary>
    public static TheoryData<string, string> Hostile => new()
    {
        { "a\nPIN for key \"other\"", "a\\u{A}PIN for key \\\"other\\\"" },
        { "a\r\n\tb", "a\\u{D}\\u{A}\\u{9}b" },
        { "\u001b[2J\u001b]0;title\u0007", "\\u{1B}[2J\\u{1B}]0;title\\u{7}" },
        { "\u009b31m", "\\u{9B}31m" },
        { "txt.\u202Egnp", "txt.\\u{202E}gnp" },
        { "\u2066a\u2069", "\\u{2066}a\\u{2069}" },
        { "\u200Ea\u200Fb\u061C", "\\u{200E}a\\u{200F}b\\u{61C}" },
        { "a\u200Bb\uFEFF", "a\\u{200B}b\\u{FEFF}" },
        { "a\u2028b\u2029c\u0085d", "a\\u{2028}b\\u{2029}c\\u{85}d" },
        { "a\u00A0b\u3000c", "a\\u{A0}b\\u{3000}c" },
        { "\uE000\U000F0000", "\\u{E000}\\u{F0000}" },
        { "\U000E0041", "\\u{E0041}" },
        { "back\\slash", "back\\\\slash" },
        { "nul\0", "nul\\u{0}" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void What_controls_a_display_is_shown_as_its_number(string text, string shown) =>
        Assert.Equal(shown, SafeText.Escape(text, 1000));

    [Fact]
    public void Ordinary_text_of_any_script_stays()
    {
        const string Text = "Jürgen's laptop — 仕事用 ключ عمل हिन्दी (2026)";
        Assert.Equal(Text, SafeText.Escape(Text, 1000));
    }

    [Fact]
    public void Piled_up_marks_are_shown_as_numbers() =>
        Assert.Equal("e\u0301\u0302\\u{303}\\u{304}", SafeText.Escape("e\u0301\u0302\u0303\u0304", 100));

    [Fact]
    public void A_long_text_is_cut_and_says_so()
    {
        string shown = SafeText.Escape(new string('a', 10_240), 64);
        Assert.Equal(new string('a', 64) + "…", shown);
    }

    [Fact]
    public void Escapes_count_as_long_as_they_are_shown() =>
        Assert.Equal("\\u{1B}\\u{1B}…", SafeText.Escape("\u001b\u001b\u001b", 15));

    [Fact]
    public void A_text_that_fits_exactly_is_not_cut() => Assert.Equal("abc", SafeText.Escape("abc", 3));

    [Fact]
    public void Unpaired_surrogates_become_the_replacement_character() =>
        Assert.Equal("a\uFFFDb\uFFFD", SafeText.Escape("a\uD800b\uDC00", 100));

    [Fact]
    public void Quoted_text_cannot_end_its_quotes()
    {
        string quoted = SafeText.Quote("x\" in TPM\\", 100);
        Assert.Equal("\"x\\\" in TPM\\\\\"", quoted);
    }

    [Fact]
    public void A_line_keeps_quotes_and_backslashes_but_no_line_end() =>
        Assert.Equal("\"C:\\x\"\\u{A}", SafeText.Line("\"C:\\x\"\n", 100));

    [Fact]
    public void No_text_of_any_characters_gets_a_control_or_format_character_through()
    {
        Random random = new(20261121);
        for (int round = 0; round < 2000; round++)
        {
            StringBuilder text = new();
            for (int i = random.Next(40); i > 0; i--)
            {
                text.Append((char)random.Next(0x10000));
            }

            foreach (Rune rune in SafeText.Escape(text.ToString(), 1000).EnumerateRunes())
            {
                Assert.False(Rune.IsControl(rune), $"U+{rune.Value:X}");
                Assert.DoesNotContain(
                    Rune.GetUnicodeCategory(rune),
                    new[]
                    {
                        System.Globalization.UnicodeCategory.Format, System.Globalization.UnicodeCategory.LineSeparator,
                        System.Globalization.UnicodeCategory.ParagraphSeparator,
                    });
            }
        }
    }
}
