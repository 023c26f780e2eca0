using SecureAgent.Cli.Hosts;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Tests.Wire;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Cli.Hosts;

public sealed class KnownHostsTests : IDisposable
{
    private static readonly KeyBlob Key = new(WireVectors.Blob("ed25519.pub"));
    private static readonly KeyBlob OtherKey = new(WireVectors.Blob("ecdsa256.pub"));
    private static readonly KeyBlob HostCertificate = new(WireVectors.Blob("host-cert.pub"));

    private readonly TestSurroundings _surroundings = new();
    private readonly ManualTime _time = new();
    private readonly RecordingLog _log = new();
    private readonly KnownHosts _hosts;

    public KnownHostsTests() => _hosts = new KnownHosts(
        [At("known_hosts"), At("known_hosts2")], _log, _time);

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public void Without_files_nobody_is_known()
    {
        Assert.Empty(_hosts.NamesOf(Key));
        Assert.False(_hosts.Matches(Key, "*"));
        Assert.Empty(_log.Events);
    }

    [Fact]
    public void Names_are_in_the_order_of_the_files_without_repetition_and_patterns_last()
    {
        Write(
            "known_hosts",
            Line("*.example,b.example,!c.example", Key),
            Line("other", OtherKey),
            Line("[b.example]:22", Key));
        Write("known_hosts2", Line("192.0.2.1,b.example", Key), Line("|1|AAAA|AAAA", Key));
        Assert.Equal(["b.example", "[b.example]:22", "192.0.2.1", "*.example"], _hosts.NamesOf(Key));
        Assert.Equal(["other"], _hosts.NamesOf(OtherKey));
    }

    [Theory]
    [InlineData("github.com", "github.com", true)]
    [InlineData("github.com", "GitHub.com", true)]
    [InlineData("github.com", "*.com", true)]
    [InlineData("github.com", "git?ub.com", true)]
    [InlineData("github.com", "gitlab.com", false)]
    [InlineData("[github.com]:443", "github.com", false)]
    [InlineData("[github.com]:443", "[github.com]:*", true)]
    [InlineData("*.corp.example", "a.corp.example", true)]
    [InlineData("*.corp.example,!a.corp.example", "a.corp.example", false)]
    [InlineData("*.corp.example", "*.corp.example", true)]
    [InlineData("*.corp.example", "*.example", true)]
    [InlineData("*.corp.example", "a.example", false)]
    [InlineData("a.example,!a.example", "a.example", false)]
    [InlineData("a.example,!a.example", "*.example", false)]
    [InlineData("a.example,b.example", "b.*", true)]
    // ssh-keygen -H made this of a.example.
    [InlineData("|1|TTwSO4z3s5EVHDnzGBwC4vDhEvo=|QE1KTx+Y3hUFmjGq9GHpXZL1H0M=", "a.example", true)]
    [InlineData("|1|TTwSO4z3s5EVHDnzGBwC4vDhEvo=|QE1KTx+Y3hUFmjGq9GHpXZL1H0M=", "*.example", false)]
    public void A_key_matches_the_names_that_it_is_known_by(string hosts, string pattern, bool matches)
    {
        Write("known_hosts", Line(hosts, Key));
        Assert.Equal(matches, _hosts.Matches(Key, pattern));
        Assert.False(_hosts.Matches(OtherKey, pattern));
    }

    [Fact]
    public void A_revoked_key_has_no_names_wherever_the_line_stands()
    {
        Write("known_hosts", Line("a.example", Key));
        Write("known_hosts2", "@revoked nobody " + Line("", Key).TrimStart());
        Assert.Empty(_hosts.NamesOf(Key));
        Assert.False(_hosts.Matches(Key, "a.example"));
    }

    [Fact]
    public void A_host_certificate_has_those_of_its_names_that_its_authority_may_give()
    {
        KeyBlob authority = Certificate.Decode(HostCertificate).SignatureKey.Blob;
        Write("known_hosts", "@cert-authority host-a.* " + Line("", authority).TrimStart(), Line("plain", authority));
        Assert.Equal(["host-a.example"], _hosts.NamesOf(HostCertificate));
        Assert.True(_hosts.Matches(HostCertificate, "host-a.example"));
        Assert.True(_hosts.Matches(HostCertificate, "*.example"));
        Assert.False(_hosts.Matches(HostCertificate, "host-b.example"));
        Assert.False(_hosts.Matches(HostCertificate, "host-b.*"));
        // The authority is no host.
        Assert.Equal(["plain"], _hosts.NamesOf(authority));
    }

    [Fact]
    public void A_host_certificate_of_no_known_authority_has_the_names_of_its_plain_key()
    {
        Write("known_hosts", Line("host-a.example", Certificate.Decode(HostCertificate).PublicKey.Blob));
        Assert.Equal(["host-a.example"], _hosts.NamesOf(HostCertificate));
    }

    [Fact]
    public void A_host_certificate_of_a_revoked_authority_has_no_names()
    {
        KeyBlob authority = Certificate.Decode(HostCertificate).SignatureKey.Blob;
        Write(
            "known_hosts",
            "@cert-authority * " + Line("", authority).TrimStart(),
            "@revoked * " + Line("", authority).TrimStart());
        Assert.Empty(_hosts.NamesOf(HostCertificate));
    }

    [Fact]
    public void A_certificate_that_its_authority_did_not_sign_or_of_a_user_has_no_names()
    {
        byte[] forged = HostCertificate.Memory.ToArray();
        forged[^1] ^= 1;
        KeyBlob user = new(WireVectors.Blob("forever-cert.pub"));
        Write(
            "known_hosts",
            "@cert-authority * " + Line("", Certificate.Decode(HostCertificate).SignatureKey.Blob).TrimStart(),
            "@cert-authority * " + Line("", Certificate.Decode(user).SignatureKey.Blob).TrimStart());
        Assert.NotEmpty(_hosts.NamesOf(HostCertificate));
        Assert.Empty(_hosts.NamesOf(new KeyBlob(forged)));
        Assert.Empty(_hosts.NamesOf(user));
        Assert.False(_hosts.Matches(new KeyBlob(forged), "*"));
    }

    [Fact]
    public void A_changed_file_is_read_again_after_a_second_and_looked_at_no_more_often()
    {
        Write("known_hosts", Line("old", Key));
        Assert.Equal(["old"], _hosts.NamesOf(Key));
        Write("known_hosts", Line("newer", Key));
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(["old"], _hosts.NamesOf(Key));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["newer"], _hosts.NamesOf(Key));
        File.Delete(At("known_hosts"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_hosts.NamesOf(Key));
    }

    [Fact]
    public void A_file_behind_a_symbolic_link_is_read_and_its_changes_are_seen()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Symbolic links need a privilege.");
        Write("target", Line("old", Key));
        File.CreateSymbolicLink(At("known_hosts"), At("target"));
        Assert.Equal(["old"], _hosts.NamesOf(Key));
        Write("target", Line("newer", Key));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["newer"], _hosts.NamesOf(Key));
    }

    [Fact]
    public void A_file_that_is_too_large_is_not_read_and_the_log_says_so()
    {
        using (FileStream file = File.Create(At("known_hosts")))
        {
            file.SetLength(50_000_000);
        }

        Write("known_hosts2", Line("a", Key));
        Assert.Equal(["a"], _hosts.NamesOf(Key));
        AgentEvent said = Assert.Single(_log.Events);
        Assert.Contains(At("known_hosts"), said.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_or_a_pipe_in_place_of_a_file_delays_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pipes are no files there.");
        Directory.CreateDirectory(At("known_hosts"));
        using (System.Diagnostics.Process mkfifo = System.Diagnostics.Process.Start("mkfifo", [At("known_hosts2")]))
        {
            mkfifo.WaitForExit();
        }

        Assert.Empty(_hosts.NamesOf(Key));
    }

    [Fact]
    public async Task Many_may_ask_while_the_file_changes()
    {
        Requires.Linux("replacing a file that somebody reads");
        string[] names = [.. Enumerable.Range(0, 50).Select(i => $"host{i}")];
        Write("known_hosts", Line(names[0], Key));
        Task[] askers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                Assert.All(_hosts.NamesOf(Key), name => Assert.Contains(name, names));
            }
        }, TestContext.Current.CancellationToken))];
        foreach (string name in names)
        {
            string next = _surroundings.Write("next", Line(name, Key));
            File.Move(next, At("known_hosts"), overwrite: true);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await Task.WhenAll(askers);
        Assert.Equal([names[^1]], _hosts.NamesOf(Key));
    }

    private static string Line(string hosts, KeyBlob key) =>
        $"{hosts} {PublicKey.Decode(key.Memory).KeyType} {Convert.ToBase64String(key.Span)}";

    private string At(string name) => Path.Combine(_surroundings.Home, name);

    private void Write(string name, params string[] lines) =>
        _surroundings.Write(name, string.Join('\n', lines) + '\n');
}
