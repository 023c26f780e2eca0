using System.Security.Cryptography;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>What one TPM makes, the other opens: the simulator and swtpm, in both directions.</summary>
public sealed class CrossTests
{
    private const string RsaStorage = "0001 000B 00030472 0000  0006 0080 0043  0010  0800 00000000  0000";

    public static TheoryData<bool, string> Directions => new()
    {
        { true, Templates.EccStorage }, { false, Templates.EccStorage }, { true, RsaStorage }, { false, RsaStorage },
    };

    [Theory]
    [MemberData(nameof(Directions))]
    public void Duplicate_of_one_is_imported_by_the_other(bool fromSimulator, string storage)
    {
        using Subject one = new(fromSimulator ? "simulator" : "swtpm");
        using Subject other = new(fromSimulator ? "swtpm" : "simulator");
        TpmUser from = new(one.Tpm);
        TpmUser to = new(other.Tpm);
        uint target = to.Primary(storage);
        uint source = from.Primary();
        uint newParent = from.Good(new TpmCommand(0x167).Sized([]).Sized(to.PublicOf(target)).U32(Templates.Null)).Handle;
        from.Names[newParent] = to.Names[target];
        (uint moved, byte[] publicArea) = Movable(from, source);
        ClientSession policy = ClientSession.Start(from, type: 1);
        from.Good(new TpmCommand(0x16C).Handle(policy.Handle).U32(0x14B));
        (Reply reply, _) = policy.Send(
            from, new TpmCommand(0x14B).Handle(moved).Handle(newParent).Sized([]).Hex("0006 0080 0043"));
        Assert.Equal(0u, reply.Code);
        byte[] innerKey = reply.Sized();
        byte[] duplicate = reply.Sized();
        byte[] wrapped = to.Good(new TpmCommand(0x156).Handle(target).Password().Sized(innerKey).Sized(publicArea)
            .Sized(duplicate).Sized(reply.Sized()).Hex("0006 0080 0043")).Sized();
        Assert.Equal([0xAA, 0xBB], to.Good(TpmUser.Unseal(to.Load(target, (wrapped, publicArea))).Password("pin")).Sized());
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public void Credential_made_by_one_is_activated_by_the_other(bool fromSimulator, string storage)
    {
        using Subject one = new(fromSimulator ? "simulator" : "swtpm");
        using Subject other = new(fromSimulator ? "swtpm" : "simulator");
        TpmUser maker = new(one.Tpm);
        TpmUser holder = new(other.Tpm);
        uint key = holder.Primary(storage);
        uint named = holder.Primary(Templates.EccAttest);
        uint external = maker.Good(new TpmCommand(0x167).Sized([]).Sized(holder.PublicOf(key)).U32(Templates.Null)).Handle;
        Reply made = maker.Good(new TpmCommand(0x168).Handle(external).Sized([1, 2, 3]).Sized(holder.Names[named]));
        byte[] blob = made.Sized();
        Assert.Equal([1, 2, 3], holder.Good(new TpmCommand(0x147).Handle(named).Handle(key).Password().Password()
            .Sized(blob).Sized(made.Sized())).Sized());
    }

    [Theory]
    [InlineData(Templates.EccSign, "0018 000B")]
    [InlineData(Templates.EccSign384, "0018 000B")]
    [InlineData(Templates.RsaBoth, "0014 000B")]
    [InlineData(Templates.RsaBoth, "0016 000B")]
    public void Signature_of_the_simulator_is_verified_by_swtpm_and_of_swtpm_by_the_simulator(string template, string scheme)
    {
        using Subject simulator = new("simulator");
        using Subject swtpm = new("swtpm");
        AssertVerified(new TpmUser(simulator.Tpm), new TpmUser(swtpm.Tpm), template, scheme);
        AssertVerified(new TpmUser(swtpm.Tpm), new TpmUser(simulator.Tpm), template, scheme);
    }

    private static void AssertVerified(TpmUser signer, TpmUser verifier, string template, string scheme)
    {
        byte[] digest = SHA256.HashData("what is signed"u8);
        uint key = signer.Primary(template);
        byte[] signature = signer.Good(new TpmCommand(0x15D).Handle(key).Password().Sized(digest).Hex(scheme)
            .Hex(TpmUser.NullTicket)).Rest();
        uint external = verifier.Good(new TpmCommand(0x167).Sized([]).Sized(signer.PublicOf(key)).U32(Templates.Owner)).Handle;
        verifier.Good(new TpmCommand(0x177).Handle(external).Sized(digest).Raw(signature));
        digest[0] ^= 1;
        verifier.Refused("2DB", new TpmCommand(0x177).Handle(external).Sized(digest).Raw(signature));
    }

    // Sealed data that TPM2_Duplicate may move: its policy is TPM2_PolicyCommandCode(TPM_CC_Duplicate).
    private static (uint Handle, byte[] Public) Movable(TpmUser user, uint parent)
    {
        byte[] policy = SHA256.HashData([.. new byte[32], 0, 0, 0x01, 0x6C, 0, 0, 0x01, 0x4B]);
        string template = $"0008 000B 00000440 0020 {Convert.ToHexString(policy)} 0010 0000";
        (byte[] Private, byte[] Public) created = user.Create(parent, template, "pin", "AABB");
        return (user.Load(parent, created), created.Public);
    }
}
