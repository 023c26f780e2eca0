using SecureAgent.HwSim.Tpm;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class PersistenceTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hwsim-state-").FullName;

    private string StateFile => Path.Combine(_directory, "tpm.state");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Everything_persistent_survives_in_the_state_file_and_nothing_else()
    {
        TpmUser before = Start();
        uint parent = before.Primary();
        (byte[] Private, byte[] Public) key = before.Create(parent, Templates.EccSignDa, "pin");
        before.Good(new TpmCommand(0x120).Handle(Templates.Owner).Handle(parent).Password().U32(0x81000001));
        before.Good(new TpmCommand(0x129).Handle(Templates.Owner).Password().Sized("owner"u8.ToArray()));
        uint loaded = before.Load(parent, key);
        before.Refused("922", TpmUser.Sign(loaded, "pin"));
        before.Refused("98E", TpmUser.Sign(loaded, "nip"));
        before.Refused("98E", TpmUser.Sign(loaded, "nip"));
        before.Good(new TpmCommand(0x145).U16(0));
        byte[] publicArea = before.PublicOf(parent);

        TpmUser after = Start();
        after.Refused("910", new TpmCommand(0x173).Handle(parent));
        Assert.Equal(publicArea, after.PublicOf(0x81000001));
        after.Refused("9A2", Templates.CreatePrimary(Templates.EccStorage));
        uint again = after.Good(Templates.CreatePrimary(Templates.EccStorage, hierarchyAuth: "owner")).Handle;
        Assert.Equal(publicArea, after.PublicOf(again));
        loaded = after.Load(0x81000001, key);
        after.Refused("922", TpmUser.Sign(loaded, "pin"));
        after.Refused("98E", TpmUser.Sign(loaded, "nip"));
        after.Refused("921", TpmUser.Sign(loaded, "pin"));
    }

    [Fact]
    public void Power_lost_after_an_attempt_counts_as_a_failure()
    {
        TpmUser before = Start();
        uint parent = before.Primary();
        (byte[] Private, byte[] Public) key = before.Create(parent, Templates.EccSignDa, "pin");
        before.Refused("922", TpmUser.Sign(before.Load(parent, key), "pin"));

        TpmUser after = Start();
        byte[] lockoutCounter = after.Good(new TpmCommand(0x17A).U32(6).U32(0x20E).U32(1)).Rest()[1..];
        Assert.Equal("00000006" + "00000001" + "0000020E" + "00000001", Convert.ToHexString(lockoutCounter));
    }

    [Fact]
    public void Damaged_state_file_is_named_and_not_used()
    {
        Start();
        byte[] state = File.ReadAllBytes(StateFile);
        for (int length = 0; length < state.Length; length += 97)
        {
            File.WriteAllBytes(StateFile, state[..length]);
            Assert.Contains(StateFile, Assert.Throws<InvalidDataException>(() => Start()).Message, StringComparison.Ordinal);
        }

        state[state.Length / 2] ^= 1;
        File.WriteAllBytes(StateFile, state);
        Assert.Throws<InvalidDataException>(() => Start());
    }

    [Fact]
    public void State_that_cannot_be_written_is_reported_and_written_later()
    {
        TpmUser user = Start();
        string moved = _directory + ".moved";
        Directory.Move(_directory, moved);
        user.Refused("923", new TpmCommand(0x129).Handle(Templates.Owner).Password().Sized("owner"u8.ToArray()));
        user.Refused("923", new TpmCommand(0x17B).U16(8));
        Directory.Move(moved, _directory);
        user.Good(new TpmCommand(0x17B).U16(8));
        Start().Good(Templates.CreatePrimary(Templates.EccStorage, hierarchyAuth: "owner"));
    }

    [Fact]
    public void Resume_keeps_the_static_pcrs_and_resets_the_others()
    {
        TpmSimulator simulator = new(new TpmSimulatorOptions { StateFile = StateFile });
        simulator.PowerOn();
        TpmUser user = new(simulator);
        user.Good(Templates.Startup(0));
        string before = Convert.ToHexString(ReadPcr(user, "010000"));
        user.Good(new TpmCommand(0x182).Handle(0).Password().Hex("00000001 000B").Raw(new byte[32]));
        user.Good(new TpmCommand(0x182).Handle(16).Password().Hex("00000001 000B").Raw(new byte[32]));
        byte[] extended = ReadPcr(user, "010000");
        user.Good(new TpmCommand(0x145).U16(1));

        TpmSimulator again = new(new TpmSimulatorOptions { StateFile = StateFile });
        again.PowerOn();
        user = new TpmUser(again);
        user.Good(Templates.Startup(1));
        Assert.NotEqual(before, Convert.ToHexString(extended));
        Assert.Equal(extended, ReadPcr(user, "010000"));
        Assert.Equal(new byte[32], ReadPcr(user, "000001"));
    }

    [Fact]
    public void State_file_is_for_its_owner_alone()
    {
        Start();
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no Unix file modes.");
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(StateFile));
        }
    }

    private static byte[] ReadPcr(TpmUser user, string selection) =>
        user.Good(new TpmCommand(0x17E).Hex("00000001 000B 03" + selection)).Rest()[^32..];

    private TpmUser Start()
    {
        TpmSimulator simulator = new(new TpmSimulatorOptions { StateFile = StateFile, StartupClear = true });
        simulator.PowerOn();
        return new TpmUser(simulator);
    }
}
