using SecureAgent.Backends.Piv;
using SecureAgent.Core;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PivAdministrationTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("5.4.3", "TDES")]
    [InlineData("5.7.2", "AES_192")]
    public async Task New_token_is_known_to_have_the_secrets_of_all_new_ones(string firmware, string algorithm)
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync(
            new PivCardOptions { Firmware = Version.Parse(firmware) });
        PivTokenInfo info = await bench.Administration.ReadInfoAsync(Ct);

        Assert.Equal(new PivPinMetadata(true, 3, 3), info.Pin);
        Assert.Equal(new PivPinMetadata(true, 3, 3), info.Puk);
        Assert.True(info.IsManagementKeyDefault);
        Assert.Equal(algorithm, info.ManagementKeyAlgorithm.ToString());
        Assert.Empty(bench.Asked);
        Assert.Equal(0, bench.Readers.PinsSent);
    }

    [Fact]
    public async Task PIN_is_changed_and_the_new_one_holds()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        bench[PivSecretKind.NewPin] = "777777";
        await bench.Administration.ChangePinAsync(Ct);
        bench[PivSecretKind.Pin] = "777777";
        await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        Assert.False((await bench.Administration.ReadInfoAsync(Ct)).Pin!.IsDefault);
    }

    [Fact]
    public async Task Blocked_PIN_is_set_anew_with_the_PUK()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        for (int i = 0; i < 3; i++)
        {
            PivBench.Use(bench.Readers, PivBench.Reader, commands => commands.Verify("000000"u8));
        }

        BackendException error = await Assert.ThrowsAsync<BackendException>(
            () => bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct));
        Assert.Equal(BackendFailure.LockedOut, error.Failure);
        bench[PivSecretKind.Puk] = "12345678";
        bench[PivSecretKind.NewPin] = "777777";
        await bench.Administration.UnblockAsync(Ct);
        bench[PivSecretKind.Pin] = "777777";
        await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
    }

    [Fact]
    public async Task Wrong_PUK_is_sent_once()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        bench[PivSecretKind.Puk] = "00000000";
        bench[PivSecretKind.NewPuk] = "11111111";
        BackendException error =
            await Assert.ThrowsAsync<BackendException>(() => bench.Administration.ChangePukAsync(Ct));
        Assert.Equal("The PUK of YubiKey 12345678 is wrong; 2 more wrong ones block it.", error.Message);
        Assert.Equal(2, bench.Card.PukTriesLeft);
    }

    [Fact]
    public async Task Number_of_tries_is_set_and_the_PIN_stays()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        bench[PivSecretKind.NewPin] = "777777";
        await bench.Administration.ChangePinAsync(Ct);
        bench[PivSecretKind.Pin] = "777777";
        await bench.Administration.SetTriesAsync(5, 8, Ct);

        PivTokenInfo info = await bench.Administration.ReadInfoAsync(Ct);
        Assert.Equal(new PivPinMetadata(false, 5, 5), info.Pin);
        Assert.Equal(8, info.Puk!.Tries);
    }

    [Theory]
    [InlineData("5.4.3", "TDES")]
    [InlineData("5.4.3", "AES_256")]
    [InlineData("5.7.2", "AES_128")]
    [InlineData("5.7.2", "AES_192")]
    public async Task Stored_management_key_needs_only_the_PIN(string firmware, string algorithm)
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync(
            new PivCardOptions { Firmware = Version.Parse(firmware) });
        Assert.Null(await bench.Administration.ChangeManagementKeyAsync(
            Enum.Parse<PivAlgorithm>(algorithm), null, isStored: true, Ct));
        await bench.OpenAsync();
        PivTokenInfo info = await bench.Administration.ReadInfoAsync(Ct);
        Assert.True(info.IsManagementKeyStored);
        Assert.False(info.IsManagementKeyDefault);

        await bench.Enrolment.NewAsync(
            new PivKeyRequest { Name = "work", Slot = PivSlot.CardAuthentication }, Ct);
        Assert.DoesNotContain(bench.Asked, asked => asked.Kind == PivSecretKind.ManagementKey);
    }

    [Fact]
    public async Task Random_management_key_that_is_stored_nowhere_is_given_out_and_asked_for()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        using (Secret? key = await bench.Administration.ChangeManagementKeyAsync(null, null, isStored: false, Ct))
        {
            bench[PivSecretKind.ManagementKey] = Convert.ToHexString(key!.Span);
        }

        await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        Assert.Contains((PivSecretKind.ManagementKey, null), bench.Asked);
        bench[PivSecretKind.ManagementKey] = new string('0', 48);
        BackendException error = await Assert.ThrowsAnyAsync<BackendException>(
            () => bench.Enrolment.RemoveAsync(PivSlot.Authentication, Ct));
        Assert.Equal(BackendFailure.PinRequired, error.Failure);
    }

    [Fact]
    public async Task Reset_makes_a_new_token()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        await bench.Administration.ResetAsync(Ct);
        Assert.Empty(bench.Session.Token.Keys);
        Assert.Equal(new PivPinMetadata(true, 3, 3), (await bench.Administration.ReadInfoAsync(Ct)).Pin);
    }

    [Fact]
    public async Task Attestation_leads_from_the_key_to_the_makers_root()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        PivKey key = await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        PivAttestation attestation = await bench.Administration.AttestAsync(key.Slot, Ct);
        Assert.Equal(key.PublicKey, PivCertificate.Parse(attestation.Certificate).PublicKey);
        Assert.NotNull(PivCertificate.Parse(attestation.Issuer).PublicKey);
        await Assert.ThrowsAnyAsync<BackendException>(
            () => bench.Administration.AttestAsync(PivSlot.Signature, Ct));
    }
}
