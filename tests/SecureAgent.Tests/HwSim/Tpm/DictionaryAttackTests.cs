using SecureAgent.HwSim.Tpm;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class DictionaryAttackTests
{
    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Three_wrong_passwords_lock_what_is_protected_and_nothing_else(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint parent = user.Primary();
        uint guarded = user.Key(parent, Templates.EccSignDa, "pin");
        uint free = user.Key(parent, Templates.EccSign, "pin");

        user.Refused("922", TpmUser.Sign(guarded, "pin"));
        user.Good(TpmUser.Sign(guarded, "pin"));
        for (int i = 0; i < 3; i++)
        {
            user.Refused("98E", TpmUser.Sign(guarded, "nip"));
        }

        user.Refused("921", TpmUser.Sign(guarded, "pin"));
        user.Refused("9A2", TpmUser.Sign(free, "nip"));
        user.Good(TpmUser.Sign(free, "pin"));
        user.Good(new TpmCommand(0x139).Handle(Templates.LockoutHandle).Password());
        user.Good(TpmUser.Sign(guarded, "pin"));
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Session_bound_to_a_protected_object_counts_its_failures(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint guarded = user.Sealed(user.Primary(), "pin", "AA", noDA: false);
        user.Refused("922", TpmUser.Unseal(guarded).Password("pin"));
        ClientSession session = ClientSession.Start(user, bind: guarded, bindAuth: "pin");
        session.Forge = true;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0x98Eu, session.Send(user, TpmUser.Unseal(guarded)).Reply.Code);
        }

        session.Forge = false;
        Assert.Equal(0x921u, session.Send(user, TpmUser.Unseal(guarded)).Reply.Code);
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Wrong_lockout_password_closes_the_lockout_hierarchy(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        user.Refused("98E", new TpmCommand(0x139).Handle(Templates.LockoutHandle).Password("wrong"));
        user.Refused("921", new TpmCommand(0x139).Handle(Templates.LockoutHandle).Password());
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Trailing_zeros_of_a_password_do_not_count(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint key = user.Key(user.Primary(), Templates.EccSign, "pin\0\0");
        user.Good(TpmUser.Sign(key, "pin"));
        user.Good(TpmUser.Sign(key, "pin\0\0\0"));
    }

    [Fact]
    public void Time_heals_one_failure_per_recovery_time()
    {
        ManualTime time = new();
        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = true, Time = time });
        simulator.PowerOn();
        TpmUser user = new(simulator);
        uint guarded = user.Key(user.Primary(), Templates.EccSignDa, "pin");
        user.Refused("922", TpmUser.Sign(guarded, "pin"));
        for (int i = 0; i < 3; i++)
        {
            user.Refused("98E", TpmUser.Sign(guarded, "nip"));
        }

        time.Advance(TimeSpan.FromSeconds(999));
        user.Refused("921", TpmUser.Sign(guarded, "pin"));
        time.Advance(TimeSpan.FromSeconds(1));
        user.Good(TpmUser.Sign(guarded, "pin"));
        user.Refused("98E", TpmUser.Sign(guarded, "nip"));
        user.Refused("921", TpmUser.Sign(guarded, "pin"));
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
