using System.Buffers.Binary;
using System.Diagnostics;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.UnixSocket;

/// <summary>The same bytes to OpenSSH's ssh-agent and to this agent; both hold the same key. Compared is what a client
/// sees: the type of each answer, or that the connection closed.</summary>
public sealed class ParityTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TestKey Host = TestKey.Ed25519();
    private static readonly TestKey OtherHost = TestKey.Ecdsa(EcdsaCurve.NistP256);

    /// <summary>Each conversation begins on a connection of its own, but in one agent, in this order.</summary>
    public static IEnumerable<(string Name, byte[][] Messages)> Conversations(KeyBlob key)
    {
        byte[] blob = key.Span.ToArray();
        byte[] anothers = OtherHost.SignBlob(SignatureAlgorithm.EcdsaNistp256, [1]);
        byte[] unknown = TestKey.Ed25519().PublicKey.Blob.Span.ToArray();
        yield return ("list", [[11]]);
        yield return ("list with bytes behind it", [[11, 1, 2, 3]]);
        yield return ("sign", [Requests.Sign(key, [1, 2, 3])]);
        yield return ("sign nothing", [Requests.Sign(key, [])]);
        yield return ("sign with bytes behind it", [[.. Requests.Sign(key, [1]), 9, 9]]);
        yield return ("sign without flags", [Requests.Sign(key, [1])[..^4]]);
        yield return ("sign without a body", [[13]]);
        yield return ("sign with a length past the end", [[13, 0, 0, 255, 255, 1]]);
        yield return ("sign with a huge length", [[13, 255, 255, 255, 255, 1]]);
        yield return ("sign with an unknown key", [Requests.Sign(new KeyBlob(unknown), [1])]);
        yield return ("sign with no key", [Requests.Sign(new KeyBlob(new byte[4]), [1])]);
        yield return ("remove an unknown key", [Requests.Remove(new KeyBlob(unknown))]);
        yield return ("remove without a body", [[18]]);
        yield return ("unlock while unlocked", [Requests.Unlock("a")]);
        yield return ("lock with an empty passphrase", [Requests.Lock("")]);
        yield return ("unknown extension", [Requests.Extension("nothing@example.org", 1)]);
        yield return ("extension without a name", [[27]]);
        yield return ("remove a token without a body", [[21]]);
        yield return ("add without a body", [[17]]);
        yield return ("add an unknown type", [[17, 0, 0, 0, 1, 65]]);
        yield return ("bind, bind again, list", [Host.Bind([1], false), Host.Bind([1], false), [11]]);
        yield return ("bind forwarding twice, other host",
            [Host.Bind([1], true), Host.Bind([1], true), OtherHost.Bind([1], true)]);
        yield return ("bind two hosts", [Host.Bind([1], true), OtherHost.Bind([2], false), Host.Bind([3], true)]);
        yield return ("bind, then sign",
            [Host.Bind([1], true), Requests.Sign(key, Requests.Login([1], "a", PublicKey.Decode(blob)))]);
        yield return ("bind with a wrong signature",
            [Requests.Bind(Host.PublicKey.Blob, [1], Host.SignBlob(SignatureAlgorithm.SshEd25519, [2]), false), [11]]);
        yield return ("bind with another's signature",
            [Requests.Bind(Host.PublicKey.Blob, [1], anothers, true)]);
        yield return ("bind with a long session id", [Host.Bind(new byte[129], true)]);
        yield return ("bind without a body", [Requests.Extension(SessionBind.ExtensionName), [11]]);
        yield return ("sixteen binds and one", [.. Enumerable.Range(0, 17).Select(id => Host.Bind([(byte)id], true))]);
        foreach (byte type in (byte[])[0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 16, 24, 28, 29, 30, 100, 240, 255])
        {
            yield return ($"message {type}", [[type]]);
            yield return ($"message {type} with a body, then a list", [[type, 1, 2, 3], [11]]);
        }

        yield return ("lock", [Requests.Lock("secret"), [11], Requests.Sign(key, [1]), Requests.Lock("again")]);
        yield return ("locked: bind", [Host.Bind([1], true), [11]]);
        yield return ("locked: remove", [[19], [9], Requests.Remove(key)]);
        yield return ("locked: nonsense", [[200], [13], [27]]);
        yield return ("unlock", [Requests.Unlock("wrong"), Requests.Unlock("secret"), [11], Requests.Sign(key, [1])]);
        yield return ("remove", [Requests.Remove(key), Requests.Remove(key), [11], Requests.Sign(key, [1])]);
        yield return ("remove all", [[19], [19], [9]]);
    }

    [Fact]
    [Trait("Promise", "size limits")]
    public async Task Answers_have_the_types_of_openssh()
    {
        string sshAgent = Requires.Tool("ssh-agent");
        string sshAdd = Requires.Tool("ssh-add");
        string sshKeygen = Requires.Tool("ssh-keygen");
        using TemporaryDirectory directory = new();
        string socket = Path.Combine(directory.Path, "openssh.sock");
        string file = Path.Combine(directory.Path, "id");
        Assert.Equal(0, (await ToolResult.RunAsync(sshKeygen, ["-q", "-t", "ed25519", "-N", "", "-f", file])).ExitCode);
        using Process openSsh = Process.Start(
            new ProcessStartInfo(sshAgent, ["-D", "-a", socket]) { RedirectStandardOutput = true })!;
        try
        {
            await openSsh.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            ToolResult added = await ToolResult.RunAsync(sshAdd, [file], new() { ["SSH_AUTH_SOCK"] = socket });
            Assert.True(added.ExitCode == 0, added.Error);
            string line = await File.ReadAllTextAsync(file + ".pub", TestContext.Current.CancellationToken);
            KeyBlob key = new(Convert.FromBase64String(line.Split(' ')[1]));

            // The private half stays with OpenSSH: a signer that asks it shows that types agree, which is all that is
            // compared.
            Identity identity = new(key, PublicKey.Decode(key.Memory), "id", "test", new OpenSshSigner(socket, key));
            await using ServedAgent served = await ServedAgent.StartAsync(new TestBackend("test", identity));
            List<string> differences = [];
            foreach ((string name, byte[][] messages) in Conversations(key))
            {
                // OpenSSH first: it must be unlocked when this agent's signer asks it.
                string theirs = await ConverseAsync(socket, messages);
                string ours = await ConverseAsync(served.Socket, messages);
                if (ours != theirs && !IsNewer(name, ours, theirs))
                {
                    differences.Add($"{name}: OpenSSH {theirs}, here {ours}");
                }
            }

            Assert.True(differences.Count == 0, string.Join('\n', differences));
        }
        finally
        {
            openSsh.Kill();
        }
    }

    /// <summary>Where later releases of OpenSSH answer otherwise than 9.2: a known extension that fails is answered 28
    /// and not 5 (10.3, RFC 9987), a session id has at most 128 bytes (10.x), a locked agent binds (10.5).</summary>
    private static bool IsNewer(string name, string ours, string theirs) =>
        ours.Replace("28", "5", StringComparison.Ordinal) == theirs
        || (name, ours, theirs) is ("bind with a long session id", "28", "6") or ("locked: bind", "6 12/0", "5 12/0");

    private static async Task<string> ConverseAsync(string socket, byte[][] messages)
    {
        List<string> answers = [];
        await using Stream stream =
            await new UnixSocketDialer(socket).ConnectAsync(TestContext.Current.CancellationToken);
        foreach (byte[] message in messages)
        {
            byte[] answer = await AskAsync(stream, message);
            answers.Add(answer.Length == 0 ? "none" : answer[0] == 12 ? $"12/{answer[4]}" : $"{answer[0]}");
        }

        return string.Join(' ', answers);
    }

    /// <summary>One message and its answer; empty if none came.</summary>
    private static async Task<byte[]> AskAsync(Stream stream, byte[] message)
    {
        using CancellationTokenSource deadline = new(Patience);
        byte[] prefix = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(prefix, message.Length);
        try
        {
            await stream.WriteAsync((byte[])[.. prefix, .. message], deadline.Token);
            await stream.ReadExactlyAsync(prefix, deadline.Token);
            byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix)];
            await stream.ReadExactlyAsync(body, deadline.Token);
            return body;
        }
        catch (IOException)
        {
            return []; // The connection is closed: EndOfStreamException is one of these.
        }
    }

    private sealed class OpenSshSigner(string socket, KeyBlob key) : ISigner
    {
        public async ValueTask<byte[]> SignAsync(
            SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
        {
            await using Stream stream = await new UnixSocketDialer(socket).ConnectAsync(ct);
            byte[] answer = await AskAsync(stream, Requests.Sign(key, data.ToArray()));
            return answer is [14, ..]
                ? AgentResponse.DecodeSignature(answer).Raw.ToArray()
                : throw new BackendException("OpenSSH refused.");
        }
    }
}
