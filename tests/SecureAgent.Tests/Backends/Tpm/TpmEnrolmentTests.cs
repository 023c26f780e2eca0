using System.Text;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmEnrolmentTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("import-").FullName;

    public static TheoryData<string, string> Keys
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string kind in TestTpm.Kinds.Select(row => row.Data))
            {
                foreach (string file in (string[])
                    ["openssh-ecdsa", "openssh-ecdsa-384", "openssh-ecdsa-521", "openssh-rsa", "openssh-rsa-locked",
                     "pkcs8-ec",
                     "pkcs8-ec-locked", "pkcs8-rsa", "pkcs8-rsa-locked", "pkcs1-rsa", "sec1-ec"])
                {
                    data.Add(kind, file);
                }
            }

            return data;
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task An_existing_key_signs_from_the_TPM(string kind, string file)
    {
        await using TpmKeyBench bench = new(kind);
        (string path, byte[] publicKey) = Make(file);
        int asked = 0;
        using (TpmEnrolment enrolment = bench.Enrolment())
        {
            TpmKeyEntry made = await enrolment.ImportAsync(
                TpmKeyBench.Request("moved", "1234"), await File.ReadAllBytesAsync(path, TpmKeyBench.Ct), path,
                (wrong, _) =>
                {
                    Assert.Equal(asked > 0, wrong);
                    return new ValueTask<Secret?>(TestMemory.Of(asked++ == 0 ? "typo"u8 : "open sesame"u8));
                }, TpmKeyBench.Ct).WaitAsync(TpmKeyBench.Deadline, TpmKeyBench.Ct);
            Assert.Equal(publicKey, made.PublicKey!.Blob.Span.ToArray());
            Assert.Equal(file.StartsWith("openssh", StringComparison.Ordinal) ? "my comment" : "moved", made.Comment);
            Assert.True(made.NeedsPin);
        }

        Assert.Equal(file.EndsWith("-locked", StringComparison.Ordinal) ? 2 : 0, asked);
        bench.Person.Answer = _ => "1234";
        await using TpmKeyBackend backend = bench.Backend();
        await TpmKeyBench.SignAsync(backend, backend.Snapshot()[0].Comment);
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task An_existing_Ed25519_key_signs_once_sealed(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        foreach (string file in (string[])
            ["openssh-ed25519", "openssh-ed25519-locked", "pkcs8-ed25519", "pkcs8-ed25519-locked"])
        {
            (string path, byte[] publicKey) = Make(file);
            using TpmEnrolment enrolment = bench.Enrolment();
            TpmKeyEntry made = await enrolment.SealAsync(
                TpmKeyBench.Request(file), await File.ReadAllBytesAsync(path, TpmKeyBench.Ct), path,
                (_, _) => new ValueTask<Secret?>(TestMemory.Of("open sesame"u8)), TpmKeyBench.Ct);
            Assert.Equal(publicKey, made.PublicKey!.Blob.Span.ToArray());
        }

        await using TpmKeyBackend backend = bench.Backend();
        Assert.Equal(4, backend.Snapshot().Count);
        await TpmKeyBench.SignAsync(backend, "my comment");
        await TpmKeyBench.SignAsync(backend, "pkcs8-ed25519");
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task What_cannot_be_enrolled_is_told_and_leaves_no_file(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        using TpmEnrolment enrolment = bench.Enrolment();
        await Refused(() => enrolment.NewAsync(TpmKeyBench.Request("a/b"), "ecdsa-256", TpmKeyBench.Ct), "letters");
        await Refused(() => enrolment.NewAsync(TpmKeyBench.Request("git"), "dsa", TpmKeyBench.Ct), "ecdsa-256");
        await Refused(() => enrolment.NewAsync(TpmKeyBench.Request("git"), "ed25519", TpmKeyBench.Ct), "key seal");
        await Refused(() =>
            enrolment.NewAsync(TpmKeyBench.Request("git", new string('1', 33)), "ecdsa-256", TpmKeyBench.Ct), "32");
        await Refused(
            () => enrolment.NewAsync(TpmKeyBench.Request("git", pcrs: "24"), "ecdsa-256", TpmKeyBench.Ct), "23");
        await Refused(() => enrolment.NewAsync(
            TpmKeyBench.Request("git") with { Comment = "two\nlines" }, "ecdsa-256", TpmKeyBench.Ct), "comment");
        Assert.Empty(bench.Bus.Exchanges);
        await Refused(() => ImportAsync("openssh-ed25519"), "key seal");
        await Refused(() => SealAsync("openssh-ecdsa"), "key import");
        await Refused(() => ImportAsync("pkcs1-rsa-old"), "ssh-keygen -p");
        await Refused(() => ImportAsync("rsa-1024"), "1024");
        await Refused(() => ImportAsync("public"), "cannot be used");
        await Refused(() => ImportAsync("truncated"), "cannot be used");
        await Refused(() => ImportAsync("openssh-rsa-locked"), "passphrase");
        await Refused(() => ImportAsync("pkcs8-ec-locked"), "passphrase");
        Assert.Empty(bench.Directory.List());
        Assert.False(Directory.Exists(bench.PublicPath));

        async Task<TpmKeyEntry> ImportAsync(string file)
        {
            string path = Make(file).Path;
            return await enrolment.ImportAsync(
                TpmKeyBench.Request("git"), await File.ReadAllBytesAsync(path, TpmKeyBench.Ct), path,
                (_, _) => new ValueTask<Secret?>(TestMemory.Of("wrong"u8)), TpmKeyBench.Ct);
        }

        async Task<TpmKeyEntry> SealAsync(string file)
        {
            string path = Make(file).Path;
            return await enrolment.SealAsync(
                TpmKeyBench.Request("git"), await File.ReadAllBytesAsync(path, TpmKeyBench.Ct), path,
                (_, _) => new ValueTask<Secret?>((Secret?)null), TpmKeyBench.Ct);
        }
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_name_that_is_taken_is_refused_before_anything_is_made(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        TpmKeyEntry first = await bench.NewAsync("git", "ecdsa-256");
        byte[] before = await File.ReadAllBytesAsync(first.Path, TpmKeyBench.Ct);
        bench.Bus.Forget();
        await Refused(() => bench.NewAsync("git", "rsa-2048"), "already a key git");
        Assert.Empty(bench.Bus.Exchanges);
        Assert.Equal(before, await File.ReadAllBytesAsync(first.Path, TpmKeyBench.Ct));
    }

    // A TPM without P-521 and RSA 3072 refuses TPM2_TestParms and leaves the curve out of TPM_CAP_ECC_CURVES.
    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_type_that_the_TPM_lacks_is_refused_with_a_list_of_what_it_has(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        bench.Bus.Before = command => RecordingBus.Code(command) == TPM_CC.TestParms && command[^5] == 0x00
            && command[^6] == 0x0C
                ? RecordingBus.Refusal(0x1C4)
            : null;
        BackendException refused = await Refused(() => bench.NewAsync("git", "rsa-3072"), "no rsa-3072 keys");
        Assert.Contains("ecdsa-256", refused.Message, StringComparison.Ordinal);
        Assert.Contains("rsa-2048", refused.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Directory.List());
    }

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task A_key_whose_first_signature_fails_is_not_written(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        bench.Bus.Before = command => RecordingBus.Code(command) is TPM_CC.Sign or TPM_CC.Unseal
            ? RecordingBus.Refusal(0x101)
            : null;
        await Assert.ThrowsAnyAsync<BackendException>(() => bench.NewAsync("git", "ecdsa-256"));
        await Assert.ThrowsAnyAsync<BackendException>(() => bench.SealAsync("sealed"));
        Assert.Empty(bench.Directory.List());
        bench.Bus.Before = null;
        await bench.NewAsync("git", "ecdsa-256");
    }

    // TPM2_HierarchyChangeAuth (Part 3, 24.8): authHandle TPM_RH_OWNER, authorisation by the empty password, TPM2B_AUTH
    // newAuth.
    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task The_owners_password_is_asked_for_and_works(string kind)
    {
        await using TpmKeyBench bench = new(kind);
        byte[] password = Encoding.ASCII.GetBytes("owner");
        byte[] response = await bench.TransmitAsync(
        [
            0x80, 0x02, 0, 0, 0, 34, 0, 0, 0x01, 0x29, 0x40, 0, 0, 0x01, 0, 0, 0, 9, 0x40, 0, 0, 0x09, 0, 0, 0, 0, 0,
            0, 5, .. password,
        ]);
        Assert.Equal([0, 0, 0, 0], response[6..10]);
        bench.Person.Answer = number => number == 1 ? "wrong" : "owner";
        await bench.NewAsync("git", "ecdsa-256");
        Assert.Equal(2, bench.Person.Questions.Count);
        Assert.All(
            bench.Person.Questions, question => Assert.Contains("owner", question.KeyName, StringComparison.Ordinal));
        Assert.True(bench.Person.Questions[1].PreviousWasWrong);
        await bench.DisconnectAsync();
        bench.Reconnect();
        await using TpmKeyBackend backend = bench.Backend();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => TpmKeyBench.SignAsync(backend, "git")));
        Assert.Equal(3, bench.Person.Questions.Count);
    }

    private static async Task<BackendException> Refused(Func<Task> enrol, string because)
    {
        BackendException exception = await Assert.ThrowsAnyAsync<BackendException>(enrol);
        Assert.Contains(because, exception.Message, StringComparison.Ordinal);
        return exception;
    }

    // Returns the private key file and the blob of its public key, made by ssh-keygen and openssl.
    private (string Path, byte[] PublicKey) Make(string file)
    {
        string keygen = Requires.Tool("ssh-keygen");
        string openssl = Requires.Tool("openssl");
        string path = Path.Combine(_root, file + Guid.NewGuid().ToString("N"));
        string passphrase = file.EndsWith("-locked", StringComparison.Ordinal) ? "open sesame" : "";
        switch (file.Replace("-locked", "", StringComparison.Ordinal))
        {
            case "openssh-ecdsa":
                Keygen("ecdsa", "256");
                break;
            case "openssh-ecdsa-384":
                Keygen("ecdsa", "384");
                break;
            case "openssh-ecdsa-521":
                Keygen("ecdsa", "521");
                break;
            case "openssh-rsa":
                Keygen("rsa", "2048");
                break;
            case "openssh-ed25519":
                Keygen("ed25519", "256");
                break;
            case "rsa-1024":
                Keygen("rsa", "1024");
                break;
            case "pkcs8-ec":
                Genpkey("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256");
                break;
            case "pkcs8-rsa":
                Genpkey("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048");
                break;
            case "pkcs8-ed25519":
                Genpkey("-algorithm", "ED25519");
                break;
            case "pkcs1-rsa":
                TpmKeyDirectoryTests.Run(openssl, "genrsa", "-traditional", "-out", path, "2048");
                break;
            case "pkcs1-rsa-old":
                TpmKeyDirectoryTests.Run(
                    openssl, "genrsa", "-traditional", "-aes128", "-passout", "pass:x1234", "-out", path, "2048");
                return (path, []);
            case "sec1-ec":
                TpmKeyDirectoryTests.Run(openssl, "ecparam", "-name", "prime256v1", "-genkey", "-out", path);
                break;
            case "public":
                Keygen("ecdsa", "256");
                return (path + ".pub", []);
            case "truncated":
                Keygen("ecdsa", "256");
                File.WriteAllBytes(path, File.ReadAllBytes(path)[..200]);
                return (path, []);
            default:
                throw new ArgumentException(file);
        }

        return (path, PublicKeyOf());

        void Keygen(string type, string bits) => TpmKeyDirectoryTests.Run(
            keygen, "-q", "-t", type, "-b", bits, "-N", passphrase, "-C", "my comment", "-f", path);

        void Genpkey(params string[] options)
        {
            string[] locked = passphrase.Length > 0 ? ["-aes-256-cbc", "-pass", "pass:" + passphrase] : [];
            TpmKeyDirectoryTests.Run(openssl, ["genpkey", "-out", path, .. options, .. locked]);
        }

        byte[] PublicKeyOf()
        {
            if (!File.Exists(path + ".pub"))
            {
                TpmKeyDirectoryTests.Run(
                    openssl, "pkey", "-in", path, "-passin", "pass:" + passphrase, "-pubout", "-out", path + ".pem");
                // ssh-keygen 9.2 does not read Ed25519 in PKCS #8; the key is the last 32 bytes of its DER (RFC 8410).
                return file.StartsWith("pkcs8-ed25519", StringComparison.Ordinal)
                    ? [0, 0, 0, 11, .. "ssh-ed25519"u8, 0, 0, 0, 32,
                        .. Convert.FromBase64String(File.ReadAllLines(path + ".pem")[1])[^32..]]
                    : Convert.FromBase64String(
                        TpmKeyDirectoryTests.Output(keygen, "-i", "-m", "PKCS8", "-f", path + ".pem").Split(' ')[1]);
            }

            return Convert.FromBase64String(File.ReadAllText(path + ".pub").Split(' ')[1]);
        }
    }
}
