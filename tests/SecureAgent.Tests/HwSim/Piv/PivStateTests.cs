using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

public sealed class PivStateTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("piv-").FullName;

    private string StateFile => Path.Combine(_directory, "card.state");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Card_of_a_state_file_goes_on_where_it_was()
    {
        PivCard first = Card();
        CardUser user = new(first);
        user.Manage();
        user.Generate(0x9A, 0x11);
        user.Generate(0x9C, 0x06, 2, 3);
        user.Generate(0x82, 0xE0, 1);
        user.Command(0xFF, 0xFF, 0xFE, [0x08, 0x9B, 16, .. new byte[16]]);
        user.Command(0xDB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xC1, 0x02, 0x53, 1, 7]);
        user.Verify("000000");
        string[] asked =
        [
            "00F7009A", "00F7009C", "00F70082", "00F7009B", "00F70080", "00CB3FFF055C035FC102", "00F80000",
        ];
        string[] before = [.. asked.Select(user.Send)];
        byte[] root = first.AttestationRoot.ToArray();
        byte[] certificate = user.Command(0xCB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xFF, 0x01]);

        PivCard second = new(
            new PivCardOptions { StateFile = StateFile, Serial = 1, Firmware = PivCardOptions.Firmware543 });
        user = new CardUser(second);
        user.Select();
        Assert.Equal(before, asked.Select(user.Send));
        Assert.Equal(2, second.PinTriesLeft);
        Assert.Equal((4711u, PivCardOptions.Firmware572), (second.Serial, second.Firmware));
        Assert.Equal(root, second.AttestationRoot.ToArray());
        Assert.Equal(certificate, user.Command(0xCB, 0x3F, 0xFF, [0x5C, 3, 0x5F, 0xFF, 0x01]));
        Assert.Equal(0x9000, user.Sign(0x82, 0xE0, [1, 2, 3]).Status);
    }

    [Fact]
    public void Every_wrong_PIN_is_counted_in_the_file_before_it_is_answered()
    {
        for (int left = 2; left >= 0; left--)
        {
            CardUser user = new(Card());
            user.Select();
            Assert.Equal(0x63C0 + left, user.Verify("000000"));
        }

        Assert.Equal(0, Card().PinTriesLeft);
    }

    [Fact]
    public void File_is_its_owners_alone_and_a_damaged_one_is_refused()
    {
        CardUser user = new(Card());
        user.Select();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(StateFile));
        }

        byte[] state = File.ReadAllBytes(StateFile);
        foreach (int length in (int[])[0, 5, state.Length / 2, state.Length - 1])
        {
            File.WriteAllBytes(StateFile, state[..length]);
            InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => Card());
            Assert.Contains(StateFile, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Card_that_cannot_write_its_file_says_so_and_loses_nothing()
    {
        PivCard card = Card();
        CardUser user = new(card);
        user.Select();
        Directory.CreateDirectory(StateFile + ".new"); // where the next content would be written
        Assert.Equal(0x6581, user.Verify("000000"));
        Directory.Delete(StateFile + ".new");
        Assert.Equal(0x9000, user.TryCommand(0xFD, 0, 0, []).Status);
        Assert.Equal(2, Card().PinTriesLeft);
    }

    private PivCard Card() => new(new PivCardOptions { StateFile = StateFile, Serial = 4711 });
}
