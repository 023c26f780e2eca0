using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

public sealed class PolicyDigestTests
{
    public static TheoryData<string, string> Digests
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach ((string name, string value) in VectorFile.Read("policy-digests.txt"))
            {
                data.Add(name, value);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Digests))]
    public void Trial_policy_has_the_digest_that_swtpm_computed(string name, string digest)
    {
        using Subject subject = new("simulator");
        TpmUser user = new(subject.Tpm);
        ushort hash = Convert.ToUInt16(name[^4..], 16);
        ClientSession session = ClientSession.Start(user, hash, type: 3);
        user.Good(Command(name[..^5], session.Handle, digest.Length / 2));
        Assert.Equal(digest, Convert.ToHexString(user.Good(new TpmCommand(0x189).Handle(session.Handle)).Sized()));
    }

    private static TpmCommand Command(string name, uint session, int size)
    {
        byte[] one = [.. Enumerable.Repeat((byte)'1', size)];
        byte[] two = [.. Enumerable.Repeat((byte)'2', size)];
        return name switch
        {
            "PolicyAuthValue" => new TpmCommand(0x16B).Handle(session),
            "PolicyPassword" => new TpmCommand(0x18C).Handle(session),
            "PolicyCommandCode-Sign" => new TpmCommand(0x16C).Handle(session).U32(0x15D),
            "PolicyPCR-sha256-0.7.16" => new TpmCommand(0x17F).Handle(session).Sized([]).Hex("00000001 000B 03 810001"),
            "PolicySecret-endorsement" => new TpmCommand(0x151).Handle(Templates.Endorsement).Handle(session).Password()
                .Sized([]).Sized([]).Sized("ref"u8.ToArray()).U32(0),
            _ => new TpmCommand(0x171).Handle(session).U32(2).Sized(one).Sized(two),
        };
    }
}
