using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class ObjectMemoryTests
{
    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Fourth_object_finds_no_memory_until_one_is_saved(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint parent = user.Primary();
        uint key = user.Key(parent, Templates.EccSign, "pin");
        (byte[] Private, byte[] Public) other = user.Create(parent, Templates.EccSign);
        user.Load(parent, other);
        TpmCommand load = new TpmCommand(0x157).Handle(parent).Password().Sized(other.Private).Sized(other.Public);
        user.Refused("902", load);

        byte[] context = user.Good(new TpmCommand(0x162).Handle(key)).Rest();
        user.Flush(key);
        user.Flush(user.Good(load).Handle);
        uint again = user.Good(new TpmCommand(0x161).Raw(context)).Handle;
        user.Good(TpmUser.Sign(again, "pin"));
        user.Refused("9A2", TpmUser.Sign(again, "nip"));
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Changed_context_is_not_loaded_and_none_after_a_reset(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        byte[] context = user.Good(new TpmCommand(0x162).Handle(user.Primary())).Rest();
        byte[] changed = [.. context];
        changed[^1] ^= 1;
        user.Refused("1DF", new TpmCommand(0x161).Raw(changed));
        user.Good(new TpmCommand(0x161).Raw(context));
        subject.Tpm.Reset();
        user.Refused("1DF", new TpmCommand(0x161).Raw(context));
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Persistent_object_needs_a_free_slot_to_be_used(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        uint parent = user.Primary();
        user.Good(new TpmCommand(0x120).Handle(Templates.Owner).Handle(parent).Password().U32(0x81000001));
        user.PublicOf(0x81000001);
        user.Primary();
        user.Primary();
        user.Refused("902", new TpmCommand(0x173).Handle(0x81000001));
    }
}
