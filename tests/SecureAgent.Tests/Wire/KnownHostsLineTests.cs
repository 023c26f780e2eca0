using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class KnownHostsLineTests
{
    private static readonly string Key = "ssh-ed25519 " + Convert.ToBase64String(WireVectors.Blob("ed25519.pub"));

    [Theory]
    [InlineData("a.example KEY", KnownHostsMarker.None)]
    [InlineData("\t a.example,b.example \t KEY comment with words\r", KnownHostsMarker.None)]
    [InlineData("@cert-authority *.example KEY", KnownHostsMarker.CertAuthority)]
    [InlineData("@revoked\t* KEY", KnownHostsMarker.Revoked)]
    public void A_line_is_marker_hosts_and_key(string line, KnownHostsMarker marker)
    {
        KnownHostsLine parsed = Parse(line)!;
        Assert.Equal(marker, parsed.Marker);
        Assert.Equal(WireVectors.Blob("ed25519.pub"), parsed.Key.Memory.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("# a.example KEY")]
    [InlineData("a.example")]
    [InlineData("a.example ssh-ed25519")]
    [InlineData("a.example ssh-ed25519 AAAA")]
    [InlineData("a.example ssh-ed25519 not*base64")]
    [InlineData("a.example 1024 65537 1234567890")]
    [InlineData("@other a.example KEY")]
    [InlineData("@revoked @cert-authority a.example KEY")]
    [InlineData("@revoked")]
    public void Comments_and_junk_are_no_lines(string line) => Assert.Null(Parse(line));

    [Fact]
    public void A_key_of_another_type_than_the_line_says_is_junk() =>
        Assert.Null(Parse("a.example ssh-rsa " + Key.Split(' ')[1]));

    [Theory]
    [InlineData("a.example", "a.example", true)]
    [InlineData("a.example", "A.Example", true)]
    [InlineData("A.EXAMPLE", "a.example", true)]
    [InlineData("a.example", "b.example", false)]
    [InlineData("*.example,!b.example", "a.example", true)]
    [InlineData("*.example,!b.example", "b.example", false)]
    [InlineData("[a.example]:2222", "a.example", false)]
    [InlineData("[a.example]:2222", "[a.example]:2222", true)]
    [InlineData("a?.example", "ab.example", true)]
    [InlineData("|1|", "a", false)]
    [InlineData("|1|AAAA|AAAA", "a", false)]
    [InlineData("|2|AAAA|AAAA", "a", false)]
    public void A_line_is_for_the_hosts_that_it_names(string hosts, string host, bool isFor) =>
        Assert.Equal(isFor, Parse(hosts + " KEY")!.IsFor(host));

    [Fact]
    public void Names_are_those_that_are_not_left_out() =>
        Assert.Equal(["a", "[b]:22", "*.c"], Parse("a,!d,[b]:22,,*.c KEY")!.Names);

    private static KnownHostsLine? Parse(string line) =>
        KnownHostsLine.Parse(line.Replace("KEY", Key, StringComparison.Ordinal));
}
