using System.Security.Cryptography;
using System.Text;
using SecureAgent.Cli.Audit;
using SecureAgent.Cli.Commands;
using SecureAgent.Cli.Configuration;
using SecureAgent.Tests.Cli;
using SecureAgent.Tests.Cli.Audit;

namespace SecureAgent.Tests.Fuzz;

/// <summary>What the program reads from files and from its command line.</summary>
public sealed class CliFuzzTests
{
    private const int Rounds = 3000;

    /// <summary>A file of at most 1 MiB, as text and as bytes; these are far smaller.</summary>
    private const long MaxAllocatedBytes = 4L * 1024 * 1024;

    private static readonly string[] Configurations =
    [
        """
        {
          // Everything that there is.
          "socket": "/run/user/1000/agent.sock",
          "tpm": "swtpm:host=127.0.0.1,port=2321",
          "keyDirectory": "~/keys",
          "pinCache": "10m",
          "promptTimeout": 90,
          "confirmGrant": "0",
          "keyLifetime": "1h30m",
          "auditFile": "off",
          "auditFull": "deny",
          "forwarded": ["add", "remove"],
          "providers": ["/usr/lib/*"],
          "webSafeApplications": ["ssh:*"],
          "upstreams": [{ "endpoint": "/run/other.sock" }],
          "keys": {
            "*": { "confirm": "forwarded", "channels": ["unix"] },
            "work": { "purposes": ["auth", "sshsig:git"], "hosts": ["*.example.org"], "rsaSha1": true },
          },
        }
        """,
        """{ "keys": { "a": null, "SHA256:x": [] }, "Socket": 1e99, "socket": true, "x": "\u00e9\ud83d\ude00" }""",
        "[]",
    ];

    private static readonly string[] Words =
    [
        "-a", "/tmp/s", "-c", "-s", "-k", "-D", "-d", "-t", "1h", "5", "-P", "/usr/lib/*", "-O", "no-restrict-websafe",
        "-O", "allow-remote-pkcs11", "-O", "websafe-allow=ssh:*,a", "-E", "sha256", "-sD", "-t90", "-T", "-u", "-U",
        "-V", "--", "-", "--pwsh", "--cmd", "--daemon", "--companion", "bash", "-c", "",
    ];

    [Fact]
    public void Any_configuration_gives_settings_or_problems()
    {
        using TestSurroundings surroundings = new();
        byte[][] corpus = [.. Configurations.Select(Encoding.UTF8.GetBytes)];
        int valid = 0;
        FuzzHarness.Run(Rounds, round =>
        {
            byte[] text = Mutation.Of(round.Random, corpus, corpus[round.Random.Next(corpus.Length)]);
            string path = Path.Combine(surroundings.Home, "config.json");
            File.WriteAllBytes(path, text);
            round.Feed(text, _ => valid += IsUsable(surroundings, path) ? 1 : 0, MaxAllocatedBytes);
        });
        Assert.InRange(valid, Rounds / 100, int.MaxValue);
    }

    [Fact]
    public void Any_line_of_an_audit_log_is_a_record_or_none()
    {
        using AuditWorld world = new();
        world.Append(4);
        byte[][] corpus = [.. world.Lines().Select(Encoding.UTF8.GetBytes), .. HostileLines()];
        int read = 0;
        FuzzHarness.Run(Rounds * 4, round =>
        {
            byte[] line = Mutation.Of(round.Random, corpus, corpus[round.Random.Next(corpus.Length)]);
            // Mostly with a right hash, as somebody who changes a log would give it.
            line = round.Random.Next(4) == 0 || line.Length < AuditLine.HashPartBytes ? line : Sealed(line);
            round.Feed(line, bytes => read += IsRecord(bytes) ? 1 : 0, FuzzHarness.MaxAllocatedBytes);
        });
        Assert.InRange(read, Rounds / 100, int.MaxValue);
    }

    [Theory]
    [InlineData("""{"seq":2,"name":"\ud800","prev":""")] // Half of a surrogate pair.
    [InlineData("""{"seq":2,"\ud800":1,"prev":""")]
    [InlineData("""{"seq":""")] // With nothing but digits behind it.
    public void Line_with_a_right_hash_that_no_agent_writes_is_no_record(string start)
    {
        string zeros = new('0', 80);
        string covered = start.EndsWith("prev\":", StringComparison.Ordinal)
            ? $"{start}\"{zeros[..64]}\""
            : start + zeros;
        byte[] line = [.. Encoding.ASCII.GetBytes(covered), .. new byte[AuditLine.HashPartBytes]];
        Assert.Null(AuditEntry.Read(Sealed(line)));
    }

    [Fact]
    public void Any_change_of_an_audit_log_is_found()
    {
        using AuditWorld world = new();
        world.Append(6);
        byte[] good = File.ReadAllBytes(world.File);
        string last = world.Verify().LastHash!;
        byte[][] corpus = [good, .. world.Lines().Select(line => Encoding.UTF8.GetBytes(line + "\n"))];
        FuzzHarness.Run(Rounds, round =>
        {
            byte[] changed = Mutation.Of(round.Random, corpus, good);
            File.WriteAllBytes(world.File, changed);
            round.Feed(
                changed,
                _ => Assert.Equal(changed.AsSpan().SequenceEqual(good), world.Verify(last).Problem is null),
                MaxAllocatedBytes);
        });
    }

    [Fact]
    public void Any_command_line_of_ssh_agent_is_read_or_refused_and_means_the_same_again() =>
        FuzzHarness.Run(Rounds * 4, round =>
        {
            Random random = round.Random;
            string[] words =
            [
                .. Enumerable.Range(0, random.Next(7)).Select(_ => Words[random.Next(Words.Length)])
                    .Select(word => random.Next(6) != 0 ? word : word.Insert(
                        random.Next(word.Length + 1), ((char)random.Next(32, 127)).ToString())),
            ];
            round.Feed(
                Encoding.UTF8.GetBytes(string.Join('\0', words)),
                _ =>
                {
                    SshAgentArguments arguments = SshAgentArguments.Parse(words);
                    IReadOnlyList<string> again = arguments.For(SshAgentRole.Daemon);
                    SshAgentArguments daemon = SshAgentArguments.Parse(again);
                    Assert.Equal(SshAgentRole.Daemon, daemon.Role);
                    Assert.Equal(arguments.Socket, daemon.Socket);
                    Assert.Equal(arguments.Options, daemon.Options);
                    Assert.Equal(arguments.Serving.DefaultLifetime, daemon.Serving.DefaultLifetime);
                    Assert.Equal(arguments.Serving.Forwarded, daemon.Serving.Forwarded);
                    Assert.Empty(daemon.Command);
                },
                FuzzHarness.MaxAllocatedBytes,
                typeof(SshAgentUsageException));
        });

    private static bool IsUsable(TestSurroundings surroundings, string path)
    {
        Settings settings = SettingsReader.Read(
            surroundings.Value, path, new Dictionary<string, (string Option, string Value)>());
        if (settings.Problems.Any(problem => problem.IsInvalid))
        {
            return false;
        }

        // Each of these throws if the reader let something through that it cannot use.
        _ = (settings.Socket, settings.Tpm, settings.KeyDirectory, settings.PublicKeyDirectory, settings.PinCache);
        _ = (settings.PromptTimeout, settings.OwnerPasswordFile, settings.ConfirmGrant, settings.ConfirmCoolDown);
        _ = (settings.KeyLifetime, settings.AuditFile, settings.AuditDeniesWhenFull);
        _ = settings.Policies.For("SHA256:x", "work");
        return true;
    }

    /// <summary>Lines that no agent writes.</summary>
    private static IEnumerable<byte[]> HostileLines()
    {
        string zeros = new('0', 64);
        string end = $",\"prev\":\"{zeros}\",\"hash\":\"{zeros}\"}}";
        string[] starts =
        [
            """{"seq":1,"action":"sign","name":"\ud800","time":"2026-01-01T00:00:00Z" """,
            """{"seq":2,"\ud800":1,"processes":[1],"count":1e400,"forwarded":"true","from":7 """,
            "{\"seq\":" + zeros + zeros,
            """{"seq":-9223372036854775808,"processes":[{"pid":null,"image":[]}],"schema":99999999999999999999 """,
        ];
        return starts.Select(start => Encoding.ASCII.GetBytes(start.TrimEnd() + end));
    }

    private static byte[] Sealed(byte[] line)
    {
        byte[] covered = line[..^AuditLine.HashPartBytes];
        string hash = Convert.ToHexStringLower(SHA256.HashData(covered));
        return [.. covered, .. Encoding.ASCII.GetBytes($",\"hash\":\"{hash}\"}}")];
    }

    private static bool IsRecord(byte[] line)
    {
        if (AuditEntry.Read(line) is not { } entry)
        {
            return false;
        }

        Assert.DoesNotContain(AuditText.Line(entry), character => char.IsControl(character));
        return true;
    }
}
