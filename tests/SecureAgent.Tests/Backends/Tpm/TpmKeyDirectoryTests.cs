using System.Diagnostics;
using System.Text;
using SecureAgent.Backends.Tpm;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmKeyDirectoryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("keys-").FullName;
    private readonly RecordingLog _log = new();

    private string Keys => Path.Combine(_root, "data", "keys");

    private string Ssh => Path.Combine(_root, "ssh");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void An_absent_directory_has_no_keys_and_is_not_made()
    {
        using TpmKeyDirectory directory = Open();
        Assert.Empty(directory.List());
        Assert.False(Directory.Exists(Keys));
    }

    [Fact]
    public void A_written_key_is_listed_with_its_public_key_beside()
    {
        using TpmKeyDirectory directory = Open();
        TpmKeyEntry written = directory.Write("git", Key("laptop"));
        TpmKeyEntry listed = Assert.Single(directory.List());
        Assert.Equal(written.PublicKey, listed.PublicKey);
        Assert.Equal("laptop", listed.Comment);
        Assert.Equal("ecdsa-256", listed.Type);
        Assert.Equal(0x40000001u, listed.Parent);
        byte[] line = File.ReadAllBytes(Path.Combine(Ssh, "git.pub"));
        Assert.Equal(
            OpenSshPublicKeyLine.Format(written.PublicKey!.Blob, "laptop") + "\n", Encoding.UTF8.GetString(line));
        Assert.Equal((byte)'e', line[0]);
    }

    [Fact]
    public void Key_files_are_the_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using TpmKeyDirectory directory = Open();
        TpmKeyEntry entry = directory.Write("git", Key());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(entry.Path));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Keys));
    }

    [Fact]
    public void A_key_is_never_written_over_another()
    {
        using TpmKeyDirectory directory = Open();
        TpmKeyEntry entry = directory.Write("git", Key("first"));
        byte[] before = File.ReadAllBytes(entry.Path);
        Assert.Throws<BackendException>(() => directory.Write("git", Key("second"), replacePublicKey: true));
        Assert.Equal(before, File.ReadAllBytes(entry.Path));
    }

    [Fact]
    public void A_public_key_of_another_key_is_replaced_only_on_demand()
    {
        Directory.CreateDirectory(Ssh);
        File.WriteAllText(Path.Combine(Ssh, "git.pub"), "ssh-ed25519 AAAA mine\n");
        using TpmKeyDirectory directory = Open();
        BackendException refused = Assert.Throws<BackendException>(() => directory.Write("git", Key()));
        Assert.Contains("git.pub", refused.Message, StringComparison.Ordinal);
        Assert.Empty(directory.List());
        directory.Write("git", Key(), replacePublicKey: true);
        Assert.StartsWith(
            "ecdsa-sha2-nistp256 ", File.ReadAllText(Path.Combine(Ssh, "git.pub")), StringComparison.Ordinal);
    }

    [Fact]
    public void Renaming_takes_public_key_and_certificate_along()
    {
        using TpmKeyDirectory directory = Open();
        directory.Write("old", Key());
        File.WriteAllText(Path.Combine(Keys, "old-cert.pub"), "x");
        directory.Rename("old", "new");
        Assert.Equal(["new"], directory.List().Select(key => key.Name));
        Assert.True(File.Exists(Path.Combine(Ssh, "new.pub")));
        Assert.False(File.Exists(Path.Combine(Ssh, "old.pub")));
        Assert.True(File.Exists(Path.Combine(Keys, "new-cert.pub")));
    }

    [Fact]
    public void Renaming_over_another_key_is_refused()
    {
        using TpmKeyDirectory directory = Open();
        directory.Write("one", Key("one"));
        directory.Write("two", Key("two"));
        Assert.Throws<BackendException>(() => directory.Rename("one", "two"));
        Assert.Equal(["one", "two"], directory.List().Select(key => key.Comment));
    }

    [Fact]
    public void Removing_leaves_a_public_key_that_is_not_its_own()
    {
        using TpmKeyDirectory directory = Open();
        directory.Write("mine", Key());
        directory.Write("other", Key());
        File.WriteAllText(Path.Combine(Ssh, "other.pub"), "ssh-ed25519 AAAA someone else\n");
        directory.Remove("mine");
        directory.Remove("other");
        Assert.Empty(directory.List());
        Assert.Equal(["other.pub"], Directory.GetFiles(Ssh).Select(Path.GetFileName));
        Assert.Equal(
            BackendFailure.DeviceAbsent, Assert.Throws<BackendException>(() => directory.Remove("mine")).Failure);
    }

    [Fact]
    public void What_is_remembered_of_the_TPM_goes_with_the_last_key()
    {
        using TpmKeyDirectory directory = Open();
        directory.Write("one", Key());
        directory.Write("two", Key());
        File.WriteAllText(directory.ParentNamesPath, "");
        directory.Remove("one");
        Assert.True(File.Exists(directory.ParentNamesPath));
        directory.Remove("two");
        Assert.Empty(Directory.GetFileSystemEntries(Keys));
    }

    [Fact]
    public void An_unusable_key_can_be_removed_and_renamed()
    {
        using TpmKeyDirectory directory = Open();
        Directory.CreateDirectory(Keys);
        File.WriteAllText(Path.Combine(Keys, "bad.tpm"), "nothing");
        Assert.NotNull(directory.Get("bad").Broken);
        directory.Rename("bad", "worse");
        directory.Remove("worse");
        Assert.Empty(directory.List());
    }

    [Fact]
    public void Importable_foreign_sealed_and_misnamed_files_say_why_they_are_not_used()
    {
        using TpmKeyDirectory directory = Open();
        Directory.CreateDirectory(Keys);
        File.WriteAllBytes(Path.Combine(Keys, "importable.tpm"), TpmVectors.Bytes("asn1-every-field.pem"));
        File.WriteAllBytes(Path.Combine(Keys, "sealed.tpm"), TpmVectors.Bytes("asn1-sealed.pem"));
        File.WriteAllBytes(Path.Combine(Keys, "a b.tpm"), TpmVectors.Bytes("tpm2-openssl-ec-p256.pem"));
        File.WriteAllBytes(Path.Combine(Keys, ".hidden.tpm"), TpmVectors.Bytes("tpm2-openssl-ec-p256.pem"));
        IReadOnlyList<TpmKeyEntry> keys = directory.List();
        Assert.Equal(["a b", "importable", "sealed"], keys.Select(key => key.Name));
        Assert.Contains("Rename", keys[0].Broken, StringComparison.Ordinal);
        Assert.Contains("import", keys[1].Broken, StringComparison.Ordinal);
        Assert.Contains("description", keys[2].Broken, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_of_another_key_is_not_attached()
    {
        string keygen = Requires.Tool("ssh-keygen");
        using TpmKeyDirectory directory = Open();
        TpmKeyEntry entry = directory.Write("git", Key("laptop"));
        Run(keygen, "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(_root, "ca"));
        Run(keygen, "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(_root, "other"));
        Run(keygen, "-q", "-s", Path.Combine(_root, "ca"), "-I", "id", "-n", "me", Path.Combine(Ssh, "git.pub"));
        Run(keygen, "-q", "-s", Path.Combine(_root, "ca"), "-I", "id", "-n", "me", Path.Combine(_root, "other.pub"));
        byte[] good = File.ReadAllBytes(Path.Combine(Ssh, "git-cert.pub"));
        byte[] bad = File.ReadAllBytes(Path.Combine(_root, "other-cert.pub"));

        BackendException refused =
            Assert.Throws<BackendException>(() => directory.AttachCertificate("git", bad, "bad"));
        Assert.Contains(entry.PublicKey!.Fingerprint, refused.Message, StringComparison.Ordinal);
        Assert.Null(directory.Get("git").Certificate);
        Assert.Equal("id", directory.AttachCertificate("git", good, "good").KeyId);
        Assert.Equal("id", directory.Get("git").Certificate!.KeyId);

        File.WriteAllBytes(Path.Combine(Keys, "git-cert.pub"), bad);
        Assert.Null(directory.Get("git").Certificate);
        Assert.NotNull(directory.Get("git").BrokenCertificate);
        Assert.Null(directory.Get("git").Broken);
    }

    [Fact]
    public async Task Changes_by_other_programs_are_noticed()
    {
        using TpmKeyDirectory directory = Open();
        using SemaphoreSlim changed = new(0);
        directory.Changed += (_, _) => changed.Release();
        directory.Watch();
        Assert.Empty(_log.Events);
        File.WriteAllBytes(Path.Combine(Keys, "git.tpm"), Key().Encode());
        Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        File.Move(Path.Combine(Keys, "git.tpm"), Path.Combine(Keys, "work.tpm"));
        Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        File.Delete(Path.Combine(Keys, "work.tpm"));
        Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_full_disk_leaves_nothing_half_and_says_what_to_do()
    {
        using SmallDisk disk = SmallDisk.Mount(Path.Combine(_root, "disk"));
        using TpmKeyDirectory directory = new(disk.Path, Ssh, _log, TimeProvider.System);
        directory.Write("before", Key());
        disk.Fill();
        BackendException refused = Assert.Throws<BackendException>(() => directory.Write("git", Key()));
        Assert.Contains("disk is full", refused.Message, StringComparison.Ordinal);
        Assert.Contains("git.tpm", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["before.tpm", "fill"], Directory.GetFiles(disk.Path).Select(Path.GetFileName).Order());
        Assert.False(File.Exists(Path.Combine(Ssh, "git.pub")));
        disk.Empty();
        directory.Write("git", Key());
        Assert.All(directory.List(), key => Assert.Null(key.Broken));
    }

    [Fact]
    public void A_read_only_disk_is_told()
    {
        using SmallDisk disk = SmallDisk.Mount(Path.Combine(_root, "disk"));
        using TpmKeyDirectory directory = new(disk.Path, Ssh, _log, TimeProvider.System);
        disk.MakeReadOnly();
        BackendException refused = Assert.Throws<BackendException>(() => directory.Write("git", Key()));
        Assert.Contains("read-only", refused.Message, StringComparison.Ordinal);
    }

    // A crash between any two steps of a write leaves a temporary file at most, and that is not taken for a key.
    [Fact]
    public void A_file_that_was_being_written_at_a_crash_is_no_key()
    {
        using TpmKeyDirectory directory = Open();
        Directory.CreateDirectory(Keys);
        byte[] whole = Key().Encode();
        for (int length = 0; length < whole.Length; length += 40)
        {
            File.WriteAllBytes(Path.Combine(Keys, $".git.tpm.{length:D32}"), whole[..length]);
        }

        Assert.Empty(directory.List());
        directory.Write("git", Key());
        Assert.Single(directory.List());
    }

    internal static void Run(string program, params string[] arguments) => _ = Output(program, arguments);

    /// <summary>Standard output, one character for each byte.</summary>
    internal static string Output(string program, params string[] arguments)
    {
        Requires.Linux(program);
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.Latin1,
        })!; // Not shell-executed, so there is a process.
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(
            process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors.GetAwaiter().GetResult()}");
        return output.TrimEnd();
    }

    private static Tss2PrivateKeyFile Key(string? comment = null) =>
        Tss2PrivateKeyFile.Parse(TpmVectors.Bytes("tpm2-openssl-ec-p256.pem"), "vector") with { Description = comment };

    private TpmKeyDirectory Open() => new(Keys, Ssh, _log, TimeProvider.System);
}
