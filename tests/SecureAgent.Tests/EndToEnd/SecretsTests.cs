using System.Globalization;
using System.Text;
using SecureAgent.Backends.Memory;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Tests.Backends.Software;
using SecureAgent.Wire;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>What the running program leaves of secrets in its memory, its log and its files.</summary>
[Collection(DropInWorlds.Name)]
public sealed class SecretsTests(KeyFiles keys) : IDisposable
{
    // Not a word of any language: the scan finds every 8 letters in UTF-16, and the program's own texts have words.
    private const string Passphrase = "Xq7vRt2Lk9wZpH4sNb8GyJ3cMd6Tf5Uz";
    private const string Pin = "8341972065551274090318";

    private static readonly string[] Types = ["rsa-2048", "ecdsa-256", "ecdsa-384", "ecdsa-521", "ed25519-256"];

    private readonly Home _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    [Trait("Promise", "memory: shielded keys")]
    public async Task Locked_or_without_keys_the_programs_memory_holds_no_key_and_no_passphrase()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Reading the memory of the agent needs root.");
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        using MemoryScan scan = new(agent.Process.Id.ToString(CultureInfo.InvariantCulture));
        List<string> files = await AddKeysAsync(agent, scan);
        _home.Askpass.Passphrase = Passphrase;
        Add(scan, "passphrase", Encoding.ASCII.GetBytes(Passphrase));

        await SignAsync(agent, files);
        Assert.NotEmpty(scan.Find()); // The scan sees keys in use.

        (await agent.Client.SshAddAsync("-x")).Succeeded();
        Assert.Equal([], scan.Find());
        (await agent.Client.SshAddAsync("-X")).Succeeded();
        Assert.Equal([], scan.Find());

        await SignAsync(agent, files);
        (await agent.Client.SshAddAsync("-D")).Succeeded();
        Assert.Equal([], scan.Find());
    }

    [Fact]
    [Trait("Promise", "PIN never persisted")]
    public async Task At_its_most_talkative_the_program_writes_no_key_PIN_or_passphrase()
    {
        await using DropInAgent agent =
            await DropInAgent.StartAsync(AgentSide.DropIn, _home, _home.Environment, ["-d", "-t", "600"]);
        List<string> files = await AddKeysAsync(agent, scan: null);
        await SignAsync(agent, files);
        _home.Askpass.Passphrase = Pin;
        (await agent.Client.SshAddAsync("-s", "/tmp/evil.so")).ExitedWith(1);
        _home.Askpass.Passphrase = Passphrase;
        (await agent.Client.SshAddAsync("-x")).Succeeded();
        _home.Askpass.Passphrase = "not " + Passphrase;
        (await agent.Client.SshAddAsync("-X")).ExitedWith(1);
        _home.Askpass.Passphrase = Passphrase;
        (await agent.Client.SshAddAsync("-X")).Succeeded();
        (await agent.Client.SshAddAsync("-D")).Succeeded();
        agent.Process.Signal(BackgroundProcess.SIGTERM);
        Ran ran = await agent.Process.EndAsync();

        string[] logs = Directory.GetFiles(_home.File("home"), "*", SearchOption.AllDirectories);
        Assert.Contains(logs, log => log.Contains("audit", StringComparison.Ordinal));
        List<(string Where, byte[] Bytes)> written =
        [
            ("standard error", Encoding.UTF8.GetBytes(ran.Error)),
            ("standard output", Encoding.UTF8.GetBytes(ran.Output)),
            .. logs.Select(log => (log, File.ReadAllBytes(log))),
        ];
        Assert.Contains("rsa-2048", ran.Error, StringComparison.Ordinal);
        foreach ((string name, byte[] secret) in await SecretsAsync())
        {
            foreach ((string form, byte[] bytes) in Canaries.FormsOf(secret))
            {
                Assert.All(written, place => Assert.True(
                    place.Bytes.AsSpan().IndexOf(bytes) < 0, $"{name} {form} is in {place.Where}"));
            }
        }
    }

    private static void Add(MemoryScan scan, string name, byte[] secret)
    {
        foreach ((string form, byte[] bytes) in Canaries.FormsOf(secret))
        {
            scan.Add($"{name} {form}", bytes);
        }
    }

    private async Task<List<string>> AddKeysAsync(DropInAgent agent, MemoryScan? scan)
    {
        List<string> files = [];
        foreach (string type in Types)
        {
            string file = await keys.KeyAsync(type);
            files.Add(keys.Alone(file));
            (await agent.Client.SshAddAsync("-q", file)).Succeeded();
            if (scan is not null)
            {
                Add(scan, type, await PrivateHalfAsync(file));
            }
        }

        return files;
    }

    private async Task<List<(string Name, byte[] Secret)>> SecretsAsync()
    {
        List<(string, byte[])> secrets =
            [("passphrase", Encoding.ASCII.GetBytes(Passphrase)), ("PIN", Encoding.ASCII.GetBytes(Pin))];
        foreach (string type in Types)
        {
            // The first half is enough to know it by, and longer texts are broken into lines.
            secrets.Add((type, (await PrivateHalfAsync(await keys.KeyAsync(type)))[..24]));
        }

        return secrets;
    }

    private static async Task<byte[]> PrivateHalfAsync(string file)
    {
        byte[] text = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        using PrivateKey key = OpenSshPrivateKeyFile.Decode(text, []).Key;
        using Secret encoded = PrivateKeyEncoding.Encode(key, new LockedMemory());
        return encoded.Span.ToArray();
    }

    private static async Task SignAsync(DropInAgent agent, List<string> files)
    {
        using AgentSocket client = AgentSocket.Connect(agent.Socket);
        foreach (string file in files)
        {
            string line = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            byte[] blob = Convert.FromBase64String(line.Split(' ')[1]);
            for (int i = 0; i < 20; i++)
            {
                byte[] answer = await client.AskAsync(AgentSocket.SignRequest(blob, new byte[i], flags: 2));
                Assert.Equal(AgentSocket.SSH_AGENT_SIGN_RESPONSE, answer[0]);
            }
        }
    }
}
