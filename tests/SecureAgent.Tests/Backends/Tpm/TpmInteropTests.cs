using System.Diagnostics;
using System.Text;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Key files of this program in Debian's tpm2-openssl provider, and those of the provider and of tpm2-tools
/// here.</summary>
public sealed class TpmInteropTests : IDisposable
{
    private static readonly string[] Provider =
        ["-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2"];

    private readonly string _root = Directory.CreateTempSubdirectory("interop-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("ecdsa-256", null)]
    [InlineData("ecdsa-256", "1234")]
    [InlineData("ecdsa-384", null)]
    [InlineData("rsa-2048", null)]
    [InlineData("rsa-2048", "1234")]
    public async Task A_key_written_here_signs_through_the_OpenSSL_provider(string type, string? pin)
    {
        RequireProvider();
        SwtpmProcess swtpm = SwtpmProcess.Start();
        await using TpmKeyBench bench = new(swtpm);
        TpmKeyEntry key;
        using (TpmEnrolment enrolment = bench.Enrolment())
        {
            key = await enrolment.NewAsync(
                TpmKeyBench.Request("git", pin) with { Comment = "laptop für git" }, type, TpmKeyBench.Ct);
            Assert.Equal("laptop für git", key.Comment);
        }

        await bench.DisconnectAsync();
        await SignThroughProviderAsync(swtpm, key, pin);
    }

    [Theory]
    [InlineData("rsa", "2048")]
    [InlineData("ecdsa", "256")]
    public async Task A_key_imported_here_signs_through_the_OpenSSL_provider(string type, string bits)
    {
        RequireProvider();
        SwtpmProcess swtpm = SwtpmProcess.Start();
        await using TpmKeyBench bench = new(swtpm);
        string path = Path.Combine(_root, "id");
        TpmKeyDirectoryTests.Run(Requires.Tool("ssh-keygen"), "-q", "-t", type, "-b", bits, "-N", "", "-f", path);
        TpmKeyEntry key;
        using (TpmEnrolment enrolment = bench.Enrolment())
        {
            key = await enrolment.ImportAsync(
                TpmKeyBench.Request("moved"), await File.ReadAllBytesAsync(path, TpmKeyBench.Ct),
                path, (_, _) => default, TpmKeyBench.Ct);
        }

        await bench.DisconnectAsync();
        await SignThroughProviderAsync(swtpm, key, null);
    }

    [Theory]
    [InlineData("EC", "group:P-256", null, false)]
    [InlineData("EC", "group:P-256", "1234", false)]
    [InlineData("EC", "group:P-384", null, true)]
    [InlineData("RSA", "bits:2048", null, false)]
    [InlineData("RSA", "bits:2048", "1234", true)]
    public async Task A_key_written_by_the_OpenSSL_provider_signs_here(
        string algorithm, string size, string? pin, bool persistent)
    {
        RequireProvider();
        SwtpmProcess swtpm = SwtpmProcess.Start();
        await using TpmKeyBench bench = new(swtpm);
        string[] parent = [];
        if (persistent)
        {
            MakePersistentParent(swtpm);
            parent = ["-pkeyopt", "parent:0x81000001"];
        }

        string[] auth = pin is null ? [] : ["-pkeyopt", "user-auth:" + pin];
        string path = KeyPath(bench, "theirs");
        Run(swtpm, "openssl",
            ["genpkey", "-provider", "tpm2", "-provider", "base", "-algorithm", algorithm, "-pkeyopt", size,
            .. auth, .. parent, "-out", path]);
        bench.Person.Answer = _ => "1234";
        TpmKeyEntry key = bench.Directory.Get("theirs");
        Assert.Null(key.Broken);
        Assert.Equal(persistent ? 0x81000001u : 0x40000001u, key.Parent);
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "theirs");
        await TpmKeyBench.SignAsync(backend, "theirs");
        Assert.Equal(pin is null ? 0 : 1, bench.Person.Questions.Count);
    }

    // tpm2_encodeobject 5.4 writes emptyAuth true where --key-auth is given and false where not: the wrong way round.
    [Theory]
    [InlineData("ecc256:ecdsa-sha256", true, null)]
    [InlineData("rsa2048:rsassa-sha256", true, null)]
    [InlineData("rsa2048", false, "1234")]
    [InlineData("ecc384", true, "1234")]
    public async Task A_key_written_by_tpm2_encodeobject_signs_here(string algorithm, bool keyAuth, string? pin)
    {
        SwtpmProcess swtpm = SwtpmProcess.Start();
        await using TpmKeyBench bench = new(swtpm);
        MakePersistentParent(swtpm);
        string publicPart = Path.Combine(_root, "key.pub");
        string privatePart = Path.Combine(_root, "key.priv");
        string[] auth = pin is null ? [] : ["-p", pin];
        Run(swtpm, "tpm2_create",
            ["-Q", "-C", "0x81000001", "-G", algorithm, "-u", publicPart, "-r", privatePart, .. auth]);
        Flush(swtpm);
        Run(swtpm, "tpm2_encodeobject",
            ["-C", "0x81000001", "-u", publicPart, "-r", privatePart, .. keyAuth ? (string[])["-p"] : [],
            "-o", KeyPath(bench, "theirs")]);
        Flush(swtpm);
        bench.Person.Answer = _ => pin;
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, "theirs");
        Assert.Equal(pin is null ? 0 : 1, bench.Person.Questions.Count);
    }

    private async Task SignThroughProviderAsync(SwtpmProcess swtpm, TpmKeyEntry key, string? pin)
    {
        string publicKey = Path.Combine(_root, "public.pem");
        string data = Path.Combine(_root, "data");
        string signature = Path.Combine(_root, "signature");
        string[] pass = pin is null ? [] : ["-passin", "pass:" + pin];
        await File.WriteAllBytesAsync(data, new byte[1000], TpmKeyBench.Ct);
        Run(swtpm, "openssl", ["pkey", .. Provider, "-in", key.Path, .. pass, "-pubout", "-out", publicKey]);
        string line = TpmKeyDirectoryTests.Output(Requires.Tool("ssh-keygen"), "-i", "-m", "PKCS8", "-f", publicKey);
        Assert.Equal(key.PublicKey!.Blob, OpenSshPublicKeyLine.Parse(line).Blob);
        Run(swtpm, "openssl",
            ["pkeyutl", .. Provider, "-sign", "-inkey", key.Path, .. pass, "-rawin", "-digest", "sha256", "-in", data,
            "-out", signature]);
        Run(swtpm, "openssl", ["dgst", "-sha256", "-verify", publicKey, "-signature", signature, data]);
    }

    private static void MakePersistentParent(SwtpmProcess swtpm)
    {
        Run(swtpm, "tpm2_createprimary", ["-Q", "-C", "o", "-G", "ecc", "-g", "sha256", "-c", swtpm.Path + ".ctx"]);
        Run(swtpm, "tpm2_evictcontrol", ["-Q", "-C", "o", "-c", swtpm.Path + ".ctx", "0x81000001"]);
        Flush(swtpm);
    }

    // The tools leave objects and sessions in a TPM without a resource manager.
    private static void Flush(SwtpmProcess swtpm)
    {
        foreach (string what in (string[])["-t", "-l", "-s"])
        {
            Run(swtpm, "tpm2_flushcontext", [what]);
        }
    }

    private static string KeyPath(TpmKeyBench bench, string name)
    {
        Directory.CreateDirectory(bench.KeyPath);
        return Path.Combine(bench.KeyPath, name + ".tpm");
    }

    private static void RequireProvider() =>
        Requires.File("/usr/lib/x86_64-linux-gnu/ossl-modules/tpm2.so", "tpm2-openssl libtss2-tcti-swtpm0");

    private static void Run(SwtpmProcess swtpm, string tool, string[] arguments)
    {
        string path = tool.StartsWith("tpm2_", StringComparison.Ordinal)
            ? Path.Combine(Path.GetDirectoryName(Requires.Tool("tpm2_getcap"))!, tool)
            : Requires.Tool(tool);
        ProcessStartInfo start = new(path, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["TPM2OPENSSL_TCTI"] = swtpm.Tcti;
        start.Environment["TPM2TOOLS_TCTI"] = swtpm.Tcti;
        using Process process = Process.Start(start)!; // Not shell-executed, so there is a process.
        StringBuilder output = new();
        process.OutputDataReceived += (_, line) => output.AppendLine(line.Data);
        process.BeginOutputReadLine();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{tool} {string.Join(' ', arguments)}: {output}{errors}");
    }
}
