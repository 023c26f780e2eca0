using SecureAgent.Backends.Tpm;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Backends.Tpm;

public sealed class TpmParentNameFileTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("names-").FullName;
    private readonly RecordingLog _log = new();

    private string Names => Path.Combine(_root, "keys", ".parents");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(TestTpm.Kinds), MemberType = typeof(TestTpm))]
    public async Task Another_TPM_in_the_place_of_a_known_one_is_refused_in_the_next_run_too(string kind)
    {
        using TestTpm tpm = TestTpm.Start(kind);
        using TestTpm other = TestTpm.Start(kind);
        await UseAsync(tpm, "device:/dev/tpmrm0", TpmParent.Owner);
        await UseAsync(tpm, "device:/dev/tpmrm0", TpmParent.Owner);
        await UseAsync(tpm, "device:/dev/tpmrm0", TpmParent.Owner with { Rsa = true });
        await UseAsync(other, "mssim:host=127.0.0.1,port=1", TpmParent.Owner);
        Assert.Equal(3, (await File.ReadAllLinesAsync(Names, TpmKeyBench.Ct)).Length);
        BackendException refused = await Assert.ThrowsAnyAsync<BackendException>(
            () => UseAsync(other, "device:/dev/tpmrm0", TpmParent.Owner));
        Assert.Contains(Names, refused.Message, StringComparison.Ordinal);
        Assert.Empty(_log.Events);
    }

    [Theory]
    [InlineData("40000001 zz device:/dev/tpmrm0\n")]
    [InlineData("40000001 00 device:/dev/tpmrm0\n")]
    public async Task A_damaged_file_is_not_taken_for_a_first_use(string content)
    {
        using TestTpm tpm = TestTpm.Start("simulator");
        Directory.CreateDirectory(Path.GetDirectoryName(Names)!);
        await File.WriteAllTextAsync(Names, content, TpmKeyBench.Ct);
        BackendException refused = await Assert.ThrowsAnyAsync<BackendException>(
            () => UseAsync(tpm, "device:/dev/tpmrm0", TpmParent.Owner));
        Assert.Contains(Names, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_can_be_written_the_TPM_works_and_the_log_says_so()
    {
        using TestTpm tpm = TestTpm.Start("simulator");
        await File.WriteAllTextAsync(
            Path.Combine(_root, "keys"), "a file where the directory should be", TpmKeyBench.Ct);
        await UseAsync(tpm, "device:/dev/tpmrm0", TpmParent.Owner);
        Assert.Contains("not remembered", Assert.Single(_log.Events).Message, StringComparison.Ordinal);
    }

    private async Task UseAsync(TestTpm tpm, string device, TpmParent parent)
    {
        await using TpmAccess access = new(
            () => tpm.Open(), new TestMemory(), TimeProvider.System,
            parentNames: new TpmParentNameFile(Names, device, _log));
        // A storage key is remembered once a session salted to it has worked.
        await access.RunAsync(connection => connection.Create(TpmKeyTemplate.Ecdsa256, parent, [], []), TpmKeyBench.Ct);
    }
}
