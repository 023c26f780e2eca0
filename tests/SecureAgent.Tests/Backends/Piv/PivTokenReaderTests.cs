using SecureAgent.Backends.Piv;
using SecureAgent.HwSim;
using PivCard = SecureAgent.HwSim.Piv.PivCard;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class PivTokenReaderTests
{
    private const byte Metadata = 0xF7;
    private const byte Serial = 0xF8;
    private const byte Attest = 0xF9;
    private const byte Version = 0xFD;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Empty_card_costs_few_APDUs()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        bench.Readers.Forget();
        PivToken token = await bench.Session.RefreshAsync(Ct);
        Assert.Empty(token.Keys);
        Assert.True(bench.Readers.Apdus.Count <= 30, $"{bench.Readers.Apdus.Count} APDUs");
    }

    [Fact]
    public async Task Public_key_is_from_the_certificate_or_the_attestation_where_there_is_no_metadata()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        PivKey first = await bench.Enrolment.NewAsync(
            PivEnrolmentBench.Work with { TouchPolicy = PivTouchPolicy.Cached }, Ct);
        PivBench.Generate(bench.Readers, PivBench.Reader, PivSlot.Signature, PivAlgorithm.ECC_P384);

        PivToken token = Read(new LesserCard(bench.Card, Metadata));
        Assert.Equal(["certificate", "attestation"], token.Keys.Select(key => key.PublicKeySource));
        Assert.Equal(first.PublicKey, token.Keys[0].PublicKey);
        Assert.Equal(PivTouchPolicy.Cached, token.Keys[0].TouchPolicy);
        Assert.Equal(PivPinPolicy.Always, token.Keys[1].PinPolicy);
    }

    [Fact]
    public async Task Card_without_the_makers_commands_is_listed_by_its_certificates()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        PivKey key = await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);

        PivToken token = Read(new LesserCard(bench.Card, Metadata, Serial, Attest, Version));
        PivKey read = Assert.Single(token.Keys);
        Assert.Equal(key.PublicKey, read.PublicKey);
        Assert.StartsWith("PIV card ", token.Name, StringComparison.Ordinal);
        Assert.Equal($"work (piv:{token.Id}:9a)", read.Comment);
        Assert.Equal(PivPinPolicy.Once, read.PinPolicy);
    }

    [Fact]
    public async Task Certificate_of_another_key_is_said_and_its_name_not_used()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        PivBench.Generate(bench.Readers, PivBench.Reader, PivSlot.Authentication, PivAlgorithm.ED25519);

        PivKey key = Assert.Single((await bench.Session.RefreshAsync(Ct)).Keys);
        Assert.Equal("piv:12345678:9a", key.Comment);
        Assert.Equal("The certificate in slot 9a is that of another key.", key.Problem);
    }

    [Fact]
    public async Task Compressed_certificate_is_read()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        PivKey key = await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        Assert.Equal(
            "work", PivCertificate.FromObject(PivFuzzTests.Compressed(key.Certificate.ToArray()))!.CommonName);
    }

    [Fact]
    public void Serial_number_0_which_all_cards_of_some_makers_have_tells_nothing()
    {
        PivCard card = new(new SecureAgent.HwSim.Piv.PivCardOptions { Serial = 0 });
        PivToken token = Read(card);
        Assert.Null(token.Serial);
        Assert.NotEqual("0", token.Id);
        Assert.Equal($"PIV card {token.Id}", token.Name);
    }

    private static PivToken Read(ISimulatedCard card)
    {
        using SimulatedReaders readers = new();
        readers.Insert("R", card);
        using PivConnection connection = new(readers, "R");
        return connection.Run(used => PivTokenReader.Read(used.Commands, "R", used.Atr));
    }

    /// <summary>A card that lacks commands.</summary>
    private sealed class LesserCard(PivCard card, params byte[] lacks) : ISimulatedCard
    {
        public ReadOnlyMemory<byte> Atr => card.Atr;

        public byte[] Transmit(ReadOnlySpan<byte> command) =>
            lacks.Contains(command[1]) ? [0x6D, 0x00] : card.Transmit(command);

        public void Reset() => card.Reset();
    }
}
