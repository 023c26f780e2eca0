using System.Runtime.Versioning;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Channels.UnixSocket;

/// <summary>The real ssh-add against the agent; its exit codes are 0 done, 1 refused or nothing there, 2 no
/// agent.</summary>
[SupportedOSPlatform("linux")]
public sealed class SshAddTests
{
    private static readonly TestKey[] Keys =
    [
        TestKey.Ecdsa(EcdsaCurve.NistP256), TestKey.Ecdsa(EcdsaCurve.NistP384), TestKey.Ecdsa(EcdsaCurve.NistP521),
        TestKey.Ed25519(), TestKey.Rsa(),
    ];

    private static readonly string[] Types =
    [
        "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519", "ssh-rsa",
    ];

    [Fact]
    public async Task Lists_fingerprints_and_keys()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys);
        ToolResult fingerprints = await served.RunAsync(sshAdd, "-l");
        Assert.Equal(0, fingerprints.ExitCode);
        Assert.Equal(
            Keys.Select((key, index) => $"{key.PublicKey.SizeBits} {key.PublicKey.Fingerprint} key{index}"),
            Lines(fingerprints.Output).Select(line => line[..line.LastIndexOf(' ')]));
        ToolResult keys = await served.RunAsync(sshAdd, "-L");
        Assert.Equal(0, keys.ExitCode);
        Assert.Equal(
            Keys.Select((key, index) => $"{Types[index]} {Convert.ToBase64String(key.PublicKey.Blob.Span)} key{index}"),
            Lines(keys.Output));
    }

    [Fact]
    public async Task Says_that_an_empty_agent_has_no_identities()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Array.Empty<TestKey>());
        ToolResult result = await served.RunAsync(sshAdd, "-l");
        Assert.Equal((1, "The agent has no identities.\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Tests_that_every_key_signs()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys);
        string[] lines = Lines((await served.RunAsync(sshAdd, "-L")).Output);
        for (int i = 0; i < lines.Length; i++)
        {
            string file = await WriteAsync(served, $"{i}.pub", lines[i]);
            ToolResult result = await served.RunAsync(sshAdd, "-T", file);
            Assert.True(result.ExitCode == 0, result.Error);
        }

        Assert.Equal(Keys.Length, served.Agent.Status.Signatures);
    }

    [Fact]
    public async Task Testing_a_key_that_the_agent_has_not_fails()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys[0]);
        string blob = Convert.ToBase64String(Keys[3].PublicKey.Blob.Span);
        string file = await WriteAsync(served, "other.pub", $"ssh-ed25519 {blob} other");
        Assert.Equal(1, (await served.RunAsync(sshAdd, "-T", file)).ExitCode);
        Assert.Equal(Refusal.UnknownKey, served.Agent.Status.LastRefusal?.Refusal);
    }

    [Fact]
    public async Task Removes_one_key_once()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys);
        string[] lines = Lines((await served.RunAsync(sshAdd, "-L")).Output);
        string file = await WriteAsync(served, "second.pub", lines[1]);
        Assert.Equal(0, (await served.RunAsync(sshAdd, "-d", file)).ExitCode);
        string[] left = Lines((await served.RunAsync(sshAdd, "-L")).Output);
        Assert.Equal([lines[0], .. lines[2..]], left);
        Assert.Equal(1, (await served.RunAsync(sshAdd, "-d", file)).ExitCode);
    }

    [Fact]
    public async Task Removes_all_keys_and_can_do_so_twice()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys);
        Assert.Equal(0, (await served.RunAsync(sshAdd, "-D")).ExitCode);
        Assert.Equal(1, (await served.RunAsync(sshAdd, "-l")).ExitCode);
        Assert.Equal(0, (await served.RunAsync(sshAdd, "-D")).ExitCode);
    }

    [Fact]
    public async Task Locks_and_unlocks_with_a_passphrase()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys);
        string right = await AskpassAsync(served, "right", "correct horse");
        string wrong = await AskpassAsync(served, "wrong", "battery staple");
        Assert.Equal(0, (await LockAsync(right, "-x")).ExitCode);
        Assert.Equal(1, (await served.RunAsync(sshAdd, "-l")).ExitCode);
        Assert.Equal(1, (await LockAsync(wrong, "-X")).ExitCode);
        Assert.True(served.Agent.Status.IsLocked);
        Assert.Equal(1, (await LockAsync(right, "-x")).ExitCode);
        Assert.Equal(0, (await LockAsync(right, "-X")).ExitCode);
        Assert.Equal(0, (await served.RunAsync(sshAdd, "-l")).ExitCode);
        Assert.Equal(1, (await LockAsync(right, "-X")).ExitCode);

        Task<ToolResult> LockAsync(string askpass, string option) => ToolResult.RunAsync(sshAdd, [option], new()
        {
            ["SSH_AUTH_SOCK"] = served.Socket,
            ["SSH_ASKPASS"] = askpass,
            ["SSH_ASKPASS_REQUIRE"] = "force",
            ["DISPLAY"] = "none",
        });
    }

    [Fact]
    public async Task Adding_is_refused_truthfully()
    {
        string sshAdd = Requires.Tool("ssh-add");
        string sshKeygen = Requires.Tool("ssh-keygen");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys[0]);
        string file = Path.Combine(served.Directory.Path, "id");
        await served.RunAsync(sshKeygen, "-q", "-t", "ed25519", "-N", "", "-f", file);
        Assert.Equal(1, (await served.RunAsync(sshAdd, file)).ExitCode);
        Assert.Equal(1, (await served.RunAsync(sshAdd, "-t", "60", file)).ExitCode);
        Assert.Equal(Refusal.NotSupported, served.Agent.Status.LastRefusal?.Refusal);
        Assert.Single(Lines((await served.RunAsync(sshAdd, "-l")).Output));
    }

    [Fact]
    public async Task Without_an_agent_the_exit_code_is_2()
    {
        string sshAdd = Requires.Tool("ssh-add");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys[0]);
        await served.StopAsync();
        Assert.Equal(2, (await served.RunAsync(sshAdd, "-l")).ExitCode);
    }

    /// <summary>ssh-keygen signs with the agent's key and checks what comes back.</summary>
    [Fact]
    public async Task Signs_files_with_every_key_for_ssh_keygen()
    {
        string sshAdd = Requires.Tool("ssh-add");
        string sshKeygen = Requires.Tool("ssh-keygen");
        await using ServedAgent served = await ServedAgent.StartAsync(Keys);
        string[] lines = Lines((await served.RunAsync(sshAdd, "-L")).Output);
        string message = await WriteAsync(served, "message", "hello");
        for (int i = 0; i < lines.Length; i++)
        {
            string file = await WriteAsync(served, $"{i}.pub", lines[i]);
            string signers = await WriteAsync(served, "signers", $"me {lines[i]}");
            File.Delete(message + ".sig");
            ToolResult signed = await served.RunAsync(sshKeygen, "-Y", "sign", "-n", "file", "-f", file, message);
            Assert.True(signed.ExitCode == 0, signed.Error);
            ToolResult verified = await ToolResult.RunAsync("/bin/sh",
                ["-c", "\"$0\" -Y verify -f \"$1\" -I me -n file -s \"$2.sig\" < \"$2\"", sshKeygen, signers, message]);
            Assert.True(verified.ExitCode == 0, verified.Error);
        }

        Assert.Equal("key4: file signature in namespace file.",
            served.Log.Events.Last(logged => logged.Kind == "sign").Message);
    }

    /// <summary>A certificate that only the client holds is signed for with the key that it certifies.</summary>
    [Fact]
    public async Task Certificate_is_listed_and_found_by_its_own_blob_and_signs_as_its_key()
    {
        string sshAdd = Requires.Tool("ssh-add");
        string sshKeygen = Requires.Tool("ssh-keygen");
        await using ServedAgent plain = await ServedAgent.StartAsync(Keys[0]);
        string ca = Path.Combine(plain.Directory.Path, "ca");
        await plain.RunAsync(sshKeygen, "-q", "-t", "ed25519", "-N", "", "-f", ca);
        string key = await WriteAsync(plain, "key.pub", (await plain.RunAsync(sshAdd, "-L")).Output);
        ToolResult certified = await plain.RunAsync(sshKeygen, "-q", "-s", ca, "-I", "me", "-n", "me", key);
        Assert.True(certified.ExitCode == 0, certified.Error);
        string certificateFile = Path.Combine(plain.Directory.Path, "key-cert.pub");
        string line = await File.ReadAllTextAsync(certificateFile, TestContext.Current.CancellationToken);
        KeyBlob certificate = new(Convert.FromBase64String(line.Split(' ')[1]));

        Identity identity = Keys[0].Identity("certified") with { Blob = certificate };
        await using ServedAgent served = await ServedAgent.StartAsync(new TestBackend("test", identity));
        Assert.Contains("ECDSA-CERT", (await served.RunAsync(sshAdd, "-l")).Output, StringComparison.Ordinal);
        // OpenSSH tests certificates with their own file, and finds both halves in it.
        foreach (ServedAgent agent in (ServedAgent[])[served, plain])
        {
            ToolResult result = await agent.RunAsync(sshAdd, "-T", certificateFile);
            Assert.True(result.ExitCode == 0, result.Error);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<string> WriteAsync(ServedAgent served, string name, string content)
    {
        string path = Path.Combine(served.Directory.Path, name);
        await File.WriteAllTextAsync(path, content.TrimEnd('\n') + "\n", TestContext.Current.CancellationToken);
        return path;
    }

    private static async Task<string> AskpassAsync(ServedAgent served, string name, string answer)
    {
        string path = await WriteAsync(served, name, $"#!/bin/sh\necho '{answer}'");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
