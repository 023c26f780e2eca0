using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class PrimaryTests
{
    private const string RsaStorage = "0001 000B 00030472 0000  0006 0080 0043  0010  0800 00000000  0000";

    [Theory]
    [InlineData("simulator", Templates.EccStorage)]
    [InlineData("swtpm", Templates.EccStorage)]
    [InlineData("simulator", RsaStorage)]
    [InlineData("swtpm", RsaStorage)]
    [InlineData("simulator", Templates.Hmac)]
    [InlineData("swtpm", Templates.Hmac)]
    public void Same_template_makes_the_same_key_until_the_owner_is_cleared(string kind, string template)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        byte[] first = PublicOf(user, template, Templates.Owner);
        Assert.Equal(first, PublicOf(user, template, Templates.Owner));
        Assert.NotEqual(first, PublicOf(user, template, Templates.Endorsement));
        subject.Tpm.Reset();
        Assert.Equal(first, PublicOf(user, template, Templates.Owner));
        user.Good(new TpmCommand(0x126).Handle(Templates.Platform).Password());
        Assert.NotEqual(first, PublicOf(user, template, Templates.Owner));
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Null_hierarchy_forgets_its_keys_at_a_reset(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        byte[] first = PublicOf(user, Templates.EccStorage, Templates.Null);
        Assert.Equal(first, PublicOf(user, Templates.EccStorage, Templates.Null));
        subject.Tpm.Reset();
        Assert.NotEqual(first, PublicOf(user, Templates.EccStorage, Templates.Null));
    }

    [Theory]
    [MemberData(nameof(Subject.Kinds), MemberType = typeof(Subject))]
    public void Unique_field_of_the_template_makes_another_key(string kind)
    {
        using Subject subject = new(kind);
        TpmUser user = new(subject.Tpm);
        string other = Templates.EccStorage.Replace("0000 0000", "0001 AA 0000", StringComparison.Ordinal);
        Assert.NotEqual(
            PublicOf(user, Templates.EccStorage, Templates.Owner)[^68..], PublicOf(user, other, Templates.Owner)[^68..]);
    }

    private static byte[] PublicOf(TpmUser user, string template, uint hierarchy)
    {
        uint handle = user.Primary(template, hierarchy: hierarchy);
        byte[] publicArea = user.PublicOf(handle);
        user.Flush(handle);
        return publicArea;
    }
}
