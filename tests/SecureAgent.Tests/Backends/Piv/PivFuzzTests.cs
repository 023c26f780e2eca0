using SecureAgent.Backends.Piv;
using SecureAgent.HwSim;
using SecureAgent.Tests.Fuzz;
using PivCard = SecureAgent.HwSim.Piv.PivCard;
using PivCardOptions = SecureAgent.HwSim.Piv.PivCardOptions;

namespace SecureAgent.Tests.Backends.Piv;

/// <summary>Whatever a card answers, the program refuses in words (T33).</summary>
public sealed class PivFuzzTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Changed_data_objects_are_read_or_refused()
    {
        byte[][] corpus =
        [
            Convert.FromHexString("7F4943864104" + new string('1', 128)),
            Convert.FromHexString("7C8181827F" + new string('2', 254)),
            Convert.FromHexString("010111020202030301010486028204"),
            Convert.FromHexString("5C035FC105537F" + new string('3', 254)),
        ];
        int taken = FuzzHarness.Mutate(
            20_000, corpus,
            input =>
            {
                TlvReader reader = new(input);
                while (!reader.IsEmpty)
                {
                    reader.Read(out _);
                }
            },
            typeof(PivException));
        Assert.InRange(taken, 1, 19_999);
    }

    [Fact]
    public async Task Changed_certificates_are_read_or_refused()
    {
        await using PivEnrolmentBench bench = await PivEnrolmentBench.StartAsync();
        PivKey key = await bench.Enrolment.NewAsync(PivEnrolmentBench.Work, Ct);
        byte[] plain = PivCertificate.ToObject(key.Certificate.Span);
        byte[] compressed = Compressed(key.Certificate.ToArray());
        int taken = FuzzHarness.Mutate(
            5_000, [plain, compressed], input => PivCertificate.FromObject(input), typeof(PivException));
        Assert.InRange(taken, 1, 4_999);
    }

    [Fact]
    public async Task Changed_answers_of_a_card_end_in_words_or_a_list()
    {
        PivCard card = new(new PivCardOptions());
        using SimulatedReaders readers = new();
        readers.Insert("R", card);
        PivBench.Generate(readers, "R", PivSlot.Authentication, PivAlgorithm.ED25519);
        PivBench.Generate(readers, "R", PivSlot.Parse("82"), PivAlgorithm.ED25519);
        int refused = 0;
        int listed = 0;
        HostileCard hostile = new(card);
        readers.Insert("R", hostile);
        FuzzHarness.Run(400, round =>
        {
            hostile.Begin(round.Random);
            round.Feed([], _ =>
            {
                using PivConnection connection = new(readers, "R");
                try
                {
                    PivToken token = connection.Run(
                        used => PivTokenReader.Read(used.Commands, "R", used.Atr), mayRepeat: false);
                    Assert.True(token.Keys.Count <= PivSlot.All.Count);
                    listed++;
                }
                catch (SecureAgent.Core.BackendException)
                {
                    refused++;
                }
            }, 64 << 20);
        });
        await Task.CompletedTask;
        Assert.True(refused > 5, $"only {refused} were refused");
        Assert.True(listed > 5, $"only {listed} were listed");
    }

    [Theory]
    [InlineData("6100")] // for ever
    [InlineData("61FF")]
    [InlineData("6C10")]
    [InlineData("9F")]
    [InlineData("")]
    public void Card_that_answers_everything_with_the_same_comes_to_an_end(string answer)
    {
        using SimulatedReaders readers = new();
        readers.Insert("R", new ParrotCard(Convert.FromHexString(answer)));
        using PivConnection connection = new(readers, "R");
        Assert.ThrowsAny<SecureAgent.Core.BackendException>(
            () => connection.Run(used => PivTokenReader.Read(used.Commands, "R", used.Atr)));
    }

    [Fact]
    public void Card_that_sends_for_ever_is_cut_off()
    {
        using SimulatedReaders readers = new();
        readers.Insert("R", new ParrotCard([.. new byte[256], 0x61, 0x00]));
        using PivConnection connection = new(readers, "R");
        PivException error = Assert.Throws<PivException>(() => connection.Run(_ => true));
        Assert.InRange(readers.Apdus.Count, 1, 100);
        Assert.Contains("more data than any object has", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compressed_certificate_is_read_and_a_bomb_is_not()
    {
        byte[] der = new byte[300];
        Random.Shared.NextBytes(der);
        Assert.ThrowsAny<PivException>(() => PivCertificate.FromObject(Compressed(der)));
        byte[] bomb = Compressed(new byte[1 << 20]);
        Assert.True(bomb.Length < 4096);
        PivException error = Assert.Throws<PivException>(() => PivCertificate.FromObject(bomb));
        Assert.Contains("larger than any", error.Message, StringComparison.Ordinal);
    }

    internal static byte[] Compressed(byte[] der)
    {
        using MemoryStream packed = new();
        using (System.IO.Compression.GZipStream stream = new(packed, System.IO.Compression.CompressionLevel.Optimal))
        {
            stream.Write(der);
        }

        byte[] content = packed.ToArray();
        byte[] result = new byte[TlvWriter.SizeOf(0x70, content.Length) + 5];
        TlvWriter writer = new(result);
        writer.Write(0x70, content);
        writer.Write(0x71, 1);
        writer.Write(0xFE, []);
        return result;
    }

    /// <summary>A card between which and its reader somebody changes answers.</summary>
    private sealed class HostileCard(PivCard card) : ISimulatedCard
    {
        private Random _random = new(0);
        private int _changes;

        public ReadOnlyMemory<byte> Atr => card.Atr;

        public void Begin(Random random)
        {
            _random = random;
            _changes = random.Next(1, 4);
        }

        public byte[] Transmit(ReadOnlySpan<byte> command)
        {
            byte[] answer = card.Transmit(command);
            if (_changes == 0 || _random.Next(12) != 0)
            {
                return answer;
            }

            _changes--;
            byte[] sample = answer.Length > 4 ? answer : [.. answer, .. answer, 0, 1, 2];
            byte[] changed = Mutation.Of(_random, [answer], sample);
            return changed.Length > 258 ? changed[..258] : changed;
        }

        public void Reset() => card.Reset();
    }

    private sealed class ParrotCard(byte[] answer) : ISimulatedCard
    {
        public ReadOnlyMemory<byte> Atr => new byte[] { 0x3B, 0x00 };

        public byte[] Transmit(ReadOnlySpan<byte> command) => [.. answer];

        public void Reset()
        {
        }
    }
}
