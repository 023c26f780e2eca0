using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Part 3, chapters 24 and 25: passwords of hierarchies, dictionary attacks, clearing, and what a reset
/// does.</summary>
internal static class HierarchyChapter
{
    /// <summary>What of an NV index survives a reset depends on its attributes.</summary>
    private static readonly (uint Index, uint Attributes)[] Survivors =
    [
        (0x01500010, 0x0204_0004), // nothing special
        (0x01500011, 0x8204_4004), // READ_STCLEAR, WRITE_STCLEAR
        (0x01500012, 0x0204_2004), // WRITEDEFINE
        (0x01500013, 0x0A04_0004), // CLEAR_STCLEAR
        (0x01500014, 0x0204_0014), // a counter
        (0x01500015, 0x0604_0004), // ORDERLY
        (0x01500016, 0x0604_0014), // an orderly counter
    ];

    private const string Digest = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    public static void Run(Pair pair)
    {
        Passwords(pair);
        Lockout(pair);
        Clear(pair);
        Restart(pair);
        LockoutPassword(pair);
    }

    private static TpmCommand ChangeAuth(uint hierarchy, string old, string next) => new TpmCommand(0x129)
        .Handle(hierarchy)
        .Password(old).Sized(System.Text.Encoding.ASCII.GetBytes(next));

    private static TpmCommand Parameters(uint tries, string password = "") => new TpmCommand(0x13A)
        .Handle(LockoutHandle)
        .Password(password).U32(tries).U32(1000).U32(1000);

    private static TpmCommand Reset(string password = "") => new TpmCommand(0x139).Handle(LockoutHandle)
        .Password(password);

    private static void Variables(Pair pair)
    {
        // PERMANENT, STARTUP_CLEAR, then the lockout counter, limit, interval and recovery.
        pair.Good("GetCapability permanent", _ => new TpmCommand(0x17A).U32(6).U32(0x200).U32(2), "B*");
        pair.Good("GetCapability lockout", _ => new TpmCommand(0x17A).U32(6).U32(0x20E).U32(4), "B*");
    }

    private static void Passwords(Pair pair)
    {
        Variables(pair);
        pair.Wrong("HierarchyChangeAuth", _ => ChangeAuth(Owner, "", "owner"));
        pair.Good("HierarchyChangeAuth of platform back", _ => ChangeAuth(Platform, "owner", ""));
        pair.Good("HierarchyChangeAuth of lockout back", _ => ChangeAuth(LockoutHandle, "owner", ""));
        pair.Good("HierarchyChangeAuth", _ => ChangeAuth(Owner, "", "owner"));
        pair.Bad("HierarchyChangeAuth with the old password", _ => ChangeAuth(Owner, "", "owner"));
        pair.Bad("CreatePrimary without the password", _ => CreatePrimary(EccStorage));
        pair.Bad("CreatePrimary with a wrong password", _ => CreatePrimary(EccStorage, "", Owner, "", "ownes"));
        pair.Good("CreatePrimary with the password",
            _ => CreatePrimary(EccStorage, "", Owner, "", "owner"), "HssSWDss", "a");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Bad("HierarchyChangeAuth too long", _ => ChangeAuth(Owner, "owner", new string('x', 65)));
        pair.Good("HierarchyChangeAuth of the most", _ => ChangeAuth(Owner, "owner", new string('x', 32)));
        pair.Good("HierarchyChangeAuth back", _ => ChangeAuth(Owner, new string('x', 32), ""));
        foreach (uint hierarchy in new[] { Endorsement, Platform, LockoutHandle })
        {
            pair.Good($"HierarchyChangeAuth {hierarchy:X}", _ => ChangeAuth(hierarchy, "", "h"));
            Variables(pair);
            pair.Good($"HierarchyChangeAuth {hierarchy:X} back", _ => ChangeAuth(hierarchy, "h", ""));
        }

        pair.Bad("HierarchyChangeAuth of null", _ => ChangeAuth(Null, "", "h"));
    }

    private static TpmCommand Sign(Side side, string key, string password) => new TpmCommand(0x15D)
        .Handle(side.Handle(key))
        .Password(password).SizedHex(Digest).Hex("0018 000B").Hex("8024 40000007 0000");

    private static void Lockout(Pair pair)
    {
        pair.Good("DictionaryAttackLockReset", _ => Reset());
        pair.Good("DictionaryAttackParameters", _ => Parameters(4));
        Variables(pair);
        pair.Good("Create protected", _ => CreatePrimary(EccSignDa, "pin"), "HssSWDss", "da");
        pair.Good("Create unprotected", _ => CreatePrimary(EccSign, "pin"), "HssSWDss", "noda");
        pair.Compare("first use of a protected key", side => Sign(side, "da", "pin"), "WWss");
        pair.Good("Sign", side => Sign(side, "da", "pin"), "WWss");
        for (int i = 0; i < 4; i++)
        {
            pair.Bad("Sign with a wrong password", side => Sign(side, "da", "wrong"));
            Variables(pair);
        }

        pair.Bad("Sign with the right password in lockout", side => Sign(side, "da", "pin"));
        pair.Good("Sign with an unprotected key in lockout", side => Sign(side, "noda", "pin"), "WWss");
        pair.Bad("Sign with a wrong password for it", side => Sign(side, "noda", "wrong"));
        pair.Good("CreatePrimary in lockout", _ => CreatePrimary(EccStorage), "HssSWDss", "a");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Good("DictionaryAttackLockReset", _ => Reset());
        Variables(pair);
        pair.Good("Sign again", side => Sign(side, "da", "pin"), "WWss");
        pair.Good("DictionaryAttackParameters of no try", _ => Parameters(0));
        pair.Compare("Sign with no try left", side => Sign(side, "da", "pin"), "WWss");
        Variables(pair);
        pair.Good("DictionaryAttackParameters", _ => Parameters(32));
        pair.Good("Sign", side => Sign(side, "da", "pin"), "WWss");
        pair.Good("FlushContext", side => Flush(side.Handle("da")));
        pair.Good("FlushContext", side => Flush(side.Handle("noda")));
    }

    private static void Clear(Pair pair)
    {
        pair.Good("HierarchyChangeAuth", _ => ChangeAuth(Owner, "", "owner"));
        pair.Good("persistent key", _ => CreatePrimary(EccStorage, "", Owner, "", "owner"), "HssSWDss", "a");
        pair.Good("EvictControl", side => new TpmCommand(0x120).Handle(Owner).Handle(side.Handle("a")).Password("owner")
            .U32(0x81000001));
        pair.Good("NV_DefineSpace by owner", _ => Define(Owner, 0x01500001, 0x0206_0006, "owner"));
        pair.Good("NV_DefineSpace by platform", _ => Define(Platform, 0x01400001, 0x4201_0001));
        pair.Bad("Clear by owner", _ => new TpmCommand(0x126).Handle(Owner).Password("owner"));
        pair.Bad("Clear with a wrong password by platform", _ => new TpmCommand(0x126).Handle(Platform).Password("x"));
        pair.Good("Clear", _ => new TpmCommand(0x126).Handle(LockoutHandle).Password());
        Variables(pair);
        pair.Bad("the persistent key is gone", _ => new TpmCommand(0x173).Handle(0x81000001));
        pair.Bad("the owner's NV index is gone", _ => new TpmCommand(0x169).Handle(0x01500001));
        pair.Good("the platform's NV index is there", _ => new TpmCommand(0x169).Handle(0x01400001), "SS");
        pair.Good("NV_UndefineSpace", _ => new TpmCommand(0x122).Handle(Platform).Handle(0x01400001).Password());
        pair.Bad("the transient key is gone", side => new TpmCommand(0x173).Handle(side.Handle("a")));
        pair.Good("the owner's password is empty", _ => CreatePrimary(EccStorage), "HssSWDss", "a");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Compare("ClearControl", _ => new TpmCommand(0x127).Handle(LockoutHandle).Password().U8(1));
        pair.Compare("Clear when it is disabled", _ => new TpmCommand(0x126).Handle(LockoutHandle).Password());
        pair.Compare("ClearControl by lockout", _ => new TpmCommand(0x127).Handle(LockoutHandle).Password().U8(0));
        pair.Compare("ClearControl by platform", _ => new TpmCommand(0x127).Handle(Platform).Password().U8(0));
        Variables(pair);
    }

    private static TpmCommand Define(uint by, uint index, uint attributes, string password = "", ushort size = 8) =>
        new TpmCommand(0x12A).Handle(by).Password(password).Sized([])
            .Sized(new TpmCommand(0).U32(index).U16(0x000B).U32(attributes).Sized([]).U16(size).Parameters);

    private static TpmCommand Nv(uint code, uint index) => new TpmCommand(code).Handle(index).Handle(index).Password();

    private static void Restart(Pair pair)
    {
        foreach ((uint index, uint attributes) in Survivors)
        {
            pair.Good($"NV_DefineSpace {attributes:X8}", _ => Define(Owner, index, attributes));
            pair.Compare("NV_Write", _ => Nv(0x137, index).SizedHex("0102030405060708").U16(0));
            pair.Compare("NV_Increment", _ => Nv(0x134, index));
            pair.Compare("NV_WriteLock", _ => Nv(0x138, index));
            pair.Compare("NV_ReadLock", _ => Nv(0x14F, index));
            pair.Good("NV_ReadPublic", _ => new TpmCommand(0x169).Handle(index), "SS");
        }

        pair.Good("persistent key", _ => CreatePrimary(EccSignDa, "pin"), "HssSWDss", "a");
        pair.Good("EvictControl", side => new TpmCommand(0x120).Handle(Owner).Handle(side.Handle("a")).Password()
            .U32(0x81000001));
        pair.Good("NV_DefineSpace", _ => new TpmCommand(0x12A).Handle(Owner).Password().Sized([])
            .SizedHex("01500001 000B 02060006 0000 0004"));
        pair.Good("NV_Write",
            _ => new TpmCommand(0x137).Handle(0x01500001).Handle(0x01500001).Password().SizedHex("CAFEBABE").U16(0));
        pair.Good("PCR_Extend", _ => new TpmCommand(0x182).Handle(10).Password().Hex("00000001 000B").SizedHex("")
            .Raw(new byte[30]));
        pair.Mutated("Shutdown", _ => new TpmCommand(0x145).U16(0));
        pair.Octets("Shutdown", _ => new TpmCommand(0x145).U16(0), "");
        pair.Good("Shutdown", _ => new TpmCommand(0x145).U16(0));
        pair.Authority.Tpm.Reset();
        pair.Subject.Tpm.Reset();
        Variables(pair);
        pair.Bad("Startup after a startup", _ => Startup(0));
        foreach ((uint index, uint attributes) in Survivors)
        {
            pair.Good($"NV_ReadPublic {attributes:X8}", _ => new TpmCommand(0x169).Handle(index), "SS");
            pair.Compare("NV_Read", _ => Nv(0x14E, index).U16(8).U16(0), "S");
            pair.Compare("NV_Write", _ => Nv(0x137, index).SizedHex("1112131415161718").U16(0));
            pair.Good("NV_UndefineSpace", _ => new TpmCommand(0x122).Handle(Owner).Handle(index).Password());
        }

        pair.Good("ReadPublic of the persistent key", _ => new TpmCommand(0x173).Handle(0x81000001), "sss");
        pair.Good("NV_Read",
            _ => new TpmCommand(0x14E).Handle(0x01500001).Handle(0x01500001).Password().U16(4).U16(0), "S");
        pair.Good("PCR_Read", _ => new TpmCommand(0x17E).Hex("00000001 000B 03 000400"), "D*");
        pair.Bad("the transient key is gone", side => new TpmCommand(0x173).Handle(side.Handle("a")));
        pair.Good("ReadClock", _ => new TpmCommand(0x181), "qqDDb");
        pair.Compare("first use of a protected key", _ => SignPersistent("pin"), "WWss");
        pair.Good("second use", _ => SignPersistent("pin"), "WWss");
    }

    private static TpmCommand SignPersistent(string password) => new TpmCommand(0x15D).Handle(0x81000001)
        .Password(password).SizedHex(Digest).Hex("0018 000B").Hex("8024 40000007 0000");

    private static void LockoutPassword(Pair pair)
    {
        pair.Wrong("Clear", _ => new TpmCommand(0x126).Handle(LockoutHandle).Password("wrong"));
        pair.Good("Clear by platform", _ => new TpmCommand(0x126).Handle(Platform).Password());
        pair.Wrong("DictionaryAttackParameters", _ => Parameters(4));
        pair.Wrong("DictionaryAttackLockReset", _ => Reset());
        pair.Good("Clear by platform", _ => new TpmCommand(0x126).Handle(Platform).Password());
        pair.Good("HierarchyChangeAuth", _ => ChangeAuth(LockoutHandle, "", "lock"));
        pair.Bad("DictionaryAttackLockReset with a wrong password", _ => Reset("wrong"));
        pair.Bad("DictionaryAttackLockReset with the right one afterwards", _ => Reset("lock"));
        Variables(pair);
        pair.Good("Clear by platform", _ => new TpmCommand(0x126).Handle(Platform).Password());
        pair.Compare("DictionaryAttackLockReset after a clear", _ => Reset());
        Variables(pair);
    }
}
