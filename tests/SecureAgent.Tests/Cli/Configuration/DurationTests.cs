using SecureAgent.Cli.Configuration;

namespace SecureAgent.Tests.Cli.Configuration;

public sealed class DurationTests
{
    /// <summary>The examples of sshd_config(5), "TIME FORMATS", and the shortest.</summary>
    [Theory]
    [InlineData("600", 600)]
    [InlineData("10m", 600)]
    [InlineData("1h30m", 5400)]
    [InlineData("1H30M", 5400)]
    [InlineData("2w", 1209600)]
    [InlineData("1d", 86400)]
    [InlineData("1s", 1)]
    [InlineData("1m30", 90)]
    public void Durations_are_read_as_OpenSSH_reads_them(string text, int seconds)
    {
        Assert.True(Duration.TryParse(text, out TimeSpan? duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("m")]
    [InlineData("10x")]
    [InlineData("-5")]
    [InlineData("5 m")]
    [InlineData("99999999999")]
    [InlineData("999999999w")]
    [InlineData("53w")]
    [InlineData("360d10d")]
    public void What_is_no_duration_of_at_most_a_year_is_refused(string text) =>
        Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("2147483647", 2147483647)]
    [InlineData("520w", 314496000)]
    public void A_caller_may_take_shorter_and_longer_ones(string text, int seconds)
    {
        Assert.True(Duration.TryParse(text, TimeSpan.FromSeconds(int.MaxValue), out TimeSpan? duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2147483648")]
    [InlineData("9999999999w")]
    public void What_a_caller_takes_has_an_end(string text) =>
        Assert.False(Duration.TryParse(text, TimeSpan.FromSeconds(int.MaxValue), out _));
}
