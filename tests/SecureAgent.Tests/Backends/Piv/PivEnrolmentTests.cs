using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecureAgent.Backends.Pins;
using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Tests.EndToEnd;
using SecureAgent.Wire;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PivEnrolmentTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ecdsa-256", "9a")]
    [InlineData("ecdsa-384", "9c")]
    [InlineData("ed25519", "9e")]
    [InlineData("rsa-2048", "95")]
    public async Task New_key_has_a_certificate_with_its_name_and_is_listed(string type, string slot)
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        PivKey key = await bench.Enrolment.NewAsync(
            new PivKeyRequest { Name = "work", Slot = PivSlot.Parse(slot), Algorithm = PivKeyTypes.Parse(type) },
            Ct);

        Assert.Equal($"work (piv:12345678:{slot})", key.Comment);
        Assert.Equal(PivKeyOrigin.Generated, key.Origin);
        Assert.Null(key.Problem);
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(key.Certificate.Span);
        Assert.Equal("CN=work", certificate.Subject);
        if (type != "ed25519")
        {
            using X509Chain chain = new();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(certificate);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            Assert.True(chain.Build(certificate));
        }

        Assert.Equal(slot == "9e" ? [] : [(PivSecretKind.Pin, 3)], bench.Asked);
        await using PivKeyBackend backend = new(
            bench.Readers, new PivPerson(PivBench.Pin), PinCachePolicy.UntilDropped, new RecordingLog(),
            TimeProvider.System);
        await backend.Ready;
        Identity identity = Assert.Single(backend.Snapshot());
        Assert.Equal(key.PublicKey, identity.PublicKey);
    }

    [Fact]
    public async Task Slot_that_is_taken_is_not_overwritten_without_force()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        PivKey first = await bench.Enrolment.NewAsync(PivEnrolmentBench.Work with { Name = "first" }, Ct);
        bench.Readers.Forget();
        BackendException error = await Assert.ThrowsAsync<BackendException>(
            () => bench.Enrolment.NewAsync(PivEnrolmentBench.Work with { Name = "second" }, Ct));
        Assert.Contains("first (piv:12345678:9a)", error.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Readers.Apdus);

        PivKey second = await bench.Enrolment.NewAsync(
            PivEnrolmentBench.Work with { Name = "second", Force = true }, Ct);
        Assert.NotEqual(first.PublicKey, second.PublicKey);
    }

    [Fact]
    public async Task Wrong_PIN_costs_one_try_and_leaves_the_slot_empty()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        bench[PivSecretKind.Pin] = "999999";
        BackendException error = await Assert.ThrowsAsync<BackendException>(
            () => bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct));
        Assert.Equal("The PIN of YubiKey 12345678 is wrong; 2 more wrong ones block it.", error.Message);
        Assert.Equal(2, bench.Card.PinTriesLeft);
        Assert.Empty((await bench.Session.RefreshAsync(Ct)).Keys);
    }

    [Theory]
    [InlineData("ed25519")]
    [InlineData("rsa-3072")]
    public async Task Type_that_the_firmware_lacks_is_refused_before_anything_is_sent(string type)
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync(
            new PivCardOptions { Firmware = PivCardOptions.Firmware543 });
        bench.Readers.Forget();
        BackendException error = await Assert.ThrowsAsync<BackendException>(() => bench.Enrolment.NewAsync(
            new PivKeyRequest { Name = "work", Algorithm = PivKeyTypes.Parse(type) }, Ct));
        Assert.Contains("firmware 5.7", error.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Readers.Apdus);
    }

    [Theory]
    [InlineData("ecdsa-256")]
    [InlineData("ecdsa-384")]
    [InlineData("rsa-2048")]
    public async Task Existing_key_is_moved_to_the_token(string type)
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        using AsymmetricAlgorithm pair = type switch
        {
            "ecdsa-256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "ecdsa-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            _ => RSA.Create(2048),
        };
        byte[] pem = System.Text.Encoding.ASCII.GetBytes(pair.ExportPkcs8PrivateKeyPem());
        PivKey key = await bench.Enrolment.ImportAsync(
            new PivKeyRequest { Name = "moved" }, pem, "id", (_, _) => default, Ct);
        Assert.Equal(PivKeyOrigin.Imported, key.Origin);
        Assert.Equal(PivKeyTypes.Parse(type), key.Algorithm);
        Assert.Equal("moved (piv:12345678:9a)", key.Comment);
    }

    [Theory]
    [InlineData("rsa", "2048")]
    [InlineData("ecdsa", "384")]
    [InlineData("ed25519", "256")]
    public async Task Key_of_ssh_keygen_is_moved_to_the_token(string type, string bits)
    {
        Requires.Tool("ssh-keygen");
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("piv-import-");
        try
        {
            string file = Path.Combine(directory.FullName, "id");
            Ran ran = await new Command(
                new Dictionary<string, string>(), "ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-f", file)
                .RunAsync();
            ran.Succeeded();
            PivKey key = await bench.Enrolment.ImportAsync(
                new PivKeyRequest { Name = "moved" }, await File.ReadAllBytesAsync(file, Ct), file, (_, _) => default,
                Ct);
            OpenSshPublicKeyLine line = OpenSshPublicKeyLine.Parse(await File.ReadAllTextAsync(file + ".pub", Ct));
            Assert.Equal(line.Blob, key.PublicKey!.Blob);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(PivAlgorithm.RSA_1024)]
    [InlineData(PivAlgorithm.X25519)]
    public async Task Key_that_is_too_short_or_signs_nothing_is_not_made(PivAlgorithm algorithm)
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        bench.Readers.Forget();
        await Assert.ThrowsAsync<BackendException>(() => bench.Enrolment.NewAsync(
            new PivKeyRequest { Name = "work", Algorithm = algorithm }, Ct));
        Assert.Empty(bench.Readers.Apdus);
    }

    [Fact]
    public async Task Key_is_removed_with_its_certificate()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        Assert.True(await bench.Enrolment.RemoveAsync(PivSlot.Authentication, Ct));
        Assert.Empty(bench.Session.Token.Keys);
    }

    [Fact]
    public async Task Weak_firmware_is_named_for_ECDSA_keys()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync(
            new PivCardOptions { Firmware = PivCardOptions.Firmware543 });
        Assert.Empty(PivWeakness.Of(bench.Session.Token));
        await bench.Enrolment.NewAsync(new PivKeyRequest { Name = "work" }, Ct);
        PivWeakness weakness = Assert.Single(PivWeakness.Of(bench.Session.Token));
        Assert.Contains("YSA-2024-03", weakness.Text, StringComparison.Ordinal);
    }
}
