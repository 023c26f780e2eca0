using SecureAgent.HwSim.Tpm;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>A simulator and commands that it accepts, one after the other and in this order.</summary>
internal static class ValidCommands
{
    private const string Pcr16 = "00000001 000B 03 000001";
    private const uint Srk = 0x80000000;
    private const uint Persistent = 0x81000001;

    public static (TpmSimulator Simulator, IReadOnlyList<TpmCommand> Commands) Make()
    {
        TpmSimulator simulator = new(new TpmSimulatorOptions { StartupClear = true });
        simulator.PowerOn();
        TpmUser user = new(simulator);
        user.Primary();
        (byte[] Private, byte[] Public) sign = user.Create(Srk, Templates.EccSign);
        (byte[] Private, byte[] Public) box = user.Create(Srk, Templates.Sealed, "pin", "AABB");
        (byte[] Private, byte[] Public) mac = user.Create(Srk, Templates.Hmac);
        (byte[] Private, byte[] Public) rsa = user.Create(Srk, Templates.RsaBoth);
        (byte[] Private, byte[] Public) ecdh = user.Create(Srk, Templates.EccDecrypt);
        uint policy = ClientSession.Start(user, type: 1).Handle;
        return (simulator,
        [
            new TpmCommand(0x143).U8(1),
            new TpmCommand(0x142).U32(1).U16(0x0B),
            new TpmCommand(0x17C),
            new TpmCommand(0x17A).U32(6).U32(0x100).U32(10),
            new TpmCommand(0x17B).U16(8),
            new TpmCommand(0x146).Sized([1, 2, 3]),
            new TpmCommand(0x17D).Sized([1, 2, 3]).U16(0x0B).U32(Templates.Owner),
            new TpmCommand(0x18A).Hex("0001 0010 0010 0800 00000000"),
            new TpmCommand(0x178).U16(3),
            new TpmCommand(0x173).Handle(Srk),
            Templates.Create(Srk, Templates.EccSign, "pin", pcrs: Pcr16),
            .. WithKey(sign,
                TpmUser.Sign(Srk + 1, ""),
                new TpmCommand(0x150).Handle(Srk + 1).Handle(Srk).Password().Sized([1])),
            .. WithKey(box, TpmUser.Unseal(Srk + 1).Password("pin")),
            .. WithKey(mac, new TpmCommand(0x155).Handle(Srk + 1).Password().Sized([1, 2]).U16(0x0B)),
            .. WithKey(rsa, new TpmCommand(0x174).Handle(Srk + 1).Sized([1, 2]).Hex("0017 000B").Sized([])),
            .. WithKey(ecdh,
                new TpmCommand(0x163).Handle(Srk + 1),
                new TpmCommand(0x154).Handle(Srk + 1).Password().Sized(ecdh.Public[^68..])),
            Templates.CreatePrimary(Templates.EccStorage, "pin", Templates.Null),
            Templates.Flush(Srk + 1),
            new TpmCommand(0x191).Handle(Srk).Password().SizedHex("0000 0000").SizedHex(Templates.EccSign),
            Templates.Flush(Srk + 1),
            new TpmCommand(0x167).Sized([]).Sized(sign.Public).U32(Templates.Owner),
            Templates.Flush(Srk + 1),
            new TpmCommand(0x168).Handle(Srk).Sized([1, 2, 3]).Sized(TpmUser.NameOf(sign.Public)),
            new TpmCommand(0x176).Handle(Templates.Null).Handle(Srk).Sized(new byte[16]).Sized([]).U8(0).Hex("0006 0080 0043 000B"),
            new TpmCommand(0x162).Handle(0x02000001),
            new TpmCommand(0x16B).Handle(policy),
            new TpmCommand(0x18C).Handle(policy),
            new TpmCommand(0x16C).Handle(policy).U32(0x15D),
            new TpmCommand(0x17F).Handle(policy).Sized([]).Hex(Pcr16),
            new TpmCommand(0x151).Handle(Templates.Owner).Handle(policy).Password().Sized([]).Sized([]).Sized([]).U32(0),
            new TpmCommand(0x189).Handle(policy),
            new TpmCommand(0x180).Handle(policy),
            new TpmCommand(0x171).Handle(policy).U32(2).Sized(new byte[32]).Sized(new byte[32]),
            new TpmCommand(0x120).Handle(Templates.Owner).Handle(Srk).Password().U32(Persistent),
            new TpmCommand(0x120).Handle(Templates.Owner).Handle(Persistent).Password().U32(Persistent),
            new TpmCommand(0x13A).Handle(Templates.LockoutHandle).Password().U32(4).U32(10).U32(10),
            new TpmCommand(0x139).Handle(Templates.LockoutHandle).Password(),
            new TpmCommand(0x12E).Handle(Templates.Owner).Password().Sized(new byte[32]).U16(0x0B),
            new TpmCommand(0x129).Handle(Templates.Owner).Password().Sized([]),
            new TpmCommand(0x127).Handle(Templates.Platform).Password().U8(0),
            new TpmCommand(0x121).Handle(Templates.Platform).Password().U32(Templates.Endorsement).U8(1),
            new TpmCommand(0x126).Handle(Templates.Platform).Password(),
            new TpmCommand(0x145).U16(1),
        ]);
    }

    private static TpmCommand[] WithKey((byte[] Private, byte[] Public) key, params TpmCommand[] commands) =>
    [
        new TpmCommand(0x157).Handle(Srk).Password().Sized(key.Private).Sized(key.Public),
        .. commands,
        Templates.Flush(Srk + 1),
    ];
}
