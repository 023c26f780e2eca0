using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Part 3, chapter 31: non-volatile indices.</summary>
internal static class NvChapter
{
    private const uint Index = 0x01500001;

    // AUTHWRITE, AUTHREAD, NO_DA, OWNERWRITE, OWNERREAD.
    private const uint Ordinary = 0x0206_0006;

    public static void Run(Pair pair)
    {
        Ordinaries(pair);
        Definitions(pair);
        Counters(pair);
        Bits(pair);
        Extends(pair);
        Locks(pair);
        Platforms(pair);
    }

    private static TpmCommand Define(uint index, uint attributes, ushort size, string auth = "pw", uint by = Owner,
        ushort nameAlg = 0x000B, string policy = "") => new TpmCommand(0x12A).Handle(by).Password()
            .Sized(System.Text.Encoding.ASCII.GetBytes(auth))
            .Sized(new TpmCommand(0).U32(index).U16(nameAlg).U32(attributes).SizedHex(policy).U16(size).Parameters);

    private static TpmCommand Undefine(uint index, uint by = Owner) =>
        new TpmCommand(0x122).Handle(by).Handle(index).Password();

    private static TpmCommand Nv(uint code, uint auth, uint index, string password = "pw") =>
        new TpmCommand(code).Handle(auth).Handle(index).Password(password);

    private static TpmCommand Read(uint index, ushort size, ushort offset, uint? by = null, string password = "pw") =>
        Nv(0x14E, by ?? index, index, password).U16(size).U16(offset);

    private static TpmCommand Write(uint index, string data, ushort offset, uint? by = null, string password = "pw") =>
        Nv(0x137, by ?? index, index, password).SizedHex(data).U16(offset);

    private static TpmCommand ReadPublic(uint index) => new TpmCommand(0x169).Handle(index);

    private static void Ordinaries(Pair pair)
    {
        pair.Mutated("NV_DefineSpace", _ => Define(Index, Ordinary, 32));
        pair.Bad("NV_DefineSpace again", _ => Define(Index, Ordinary, 32));
        pair.Mutated("NV_ReadPublic", _ => ReadPublic(Index), "SS");
        pair.Bad("NV_Read before a write", _ => Read(Index, 8, 0));
        pair.Mutated("NV_Write", _ => Write(Index, "0102030405060708", 0));
        pair.Good("NV_ReadPublic after a write", _ => ReadPublic(Index), "SS");
        pair.Mutated("NV_Read", _ => Read(Index, 8, 0), "S");
        pair.Octets("NV_Read", _ => Read(Index, 8, 0), "S");
        pair.Good("NV_Read all", _ => Read(Index, 32, 0), "S");
        pair.Bad("NV_Read past the end", _ => Read(Index, 32, 1));
        pair.Bad("NV_Read of an offset past the end", _ => Read(Index, 0, 33));
        pair.Good("NV_Read nothing", _ => Read(Index, 0, 32), "S");
        pair.Bad("NV_Write past the end", _ => Write(Index, "0102", 31));
        pair.Good("NV_Write at the end", _ => Write(Index, "AABB", 30));
        pair.Good("NV_Read at the end", _ => Read(Index, 4, 28), "S");
        pair.Compare("NV_Write nothing", _ => Write(Index, "", 0));
        pair.Good("NV_Read by owner", _ => Read(Index, 8, 0, Owner, ""), "S");
        pair.Good("NV_Write by owner", _ => Write(Index, "FF", 0, Owner, ""));
        pair.Bad("NV_Read by platform", _ => Read(Index, 8, 0, Platform, ""));
        pair.Bad("NV_Write by platform", _ => Write(Index, "FF", 0, Platform, ""));
        pair.Bad("NV_Read with a wrong password", _ => Read(Index, 8, 0, password: "px"));
        pair.Bad("NV_Increment of an ordinary index", _ => Nv(0x134, Index, Index));
        pair.Bad("NV_SetBits of an ordinary index", _ => Nv(0x135, Index, Index).U64(1));
        pair.Bad("NV_Extend of an ordinary index", _ => Nv(0x136, Index, Index).SizedHex("01"));
        pair.Good("GetCapability NV indices", _ => new TpmCommand(0x17A).U32(1).U32(0x01000000).U32(8), "BD*");
        pair.Wrong("NV_UndefineSpace", _ => Undefine(Index));
        pair.Good("NV_DefineSpace after platform removed it", _ => Define(Index, Ordinary, 32));
        pair.Bad("NV_ChangeAuth with a password",
            _ => new TpmCommand(0x13B).Handle(Index).Password("pw").SizedHex("01"));
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
        pair.Bad("NV_UndefineSpace again", _ => Undefine(Index));
        pair.Bad("NV_ReadPublic of nothing", _ => ReadPublic(Index));
    }

    private static void Definitions(Pair pair)
    {
        foreach ((uint attributes, ushort size) in new (uint, ushort)[]
        {
            (0, 8), (0x0004_0000, 8), (0x0000_0004, 8), (0x0004_0004, 8), (0x0206_0006, 0), (0x0206_0006, 2048),
            (0x0206_0006, 2049), (0x2206_0006, 8), (0x0206_0406, 8), (0x1206_0006, 8), (0x0206_0016, 8),
            (0x0206_0016, 9),
            (0x0206_0026, 8), (0x0206_0026, 7), (0x0206_0046, 32), (0x0206_0046, 20), (0x0206_0086, 8),
            (0x0206_0096, 8),
            (0x0206_00F6, 8), (0x0206_2006, 8), (0x0206_4006, 8), (0x0206_8006, 8), (0x0206_0806, 8), (0x0206_1006, 8),
            (0x0206_000E, 8), (0x020E_0006, 8), (0x0A06_0006, 8), (0x0A06_0016, 8), (0x0406_0006, 8), (0x4206_0006, 8),
            (0x8206_0006, 8), (0x4206_4006, 8), (0x8006_0006, 8), (0x0216_0006, 8), (0x0206_0007, 8), (0x0207_0006, 8),
            (0x0206_0106, 8), (0x0306_0006, 8), (0x0006_0006, 8),
        })
        {
            pair.Compare($"NV_DefineSpace {attributes:X8} of {size}", _ => Define(Index, attributes, size));
            pair.Compare("NV_ReadPublic", _ => ReadPublic(Index), "SS");
            pair.Compare("NV_UndefineSpace", _ => Undefine(Index));
        }

        pair.Bad("NV_DefineSpace with nameAlg null", _ => Define(Index, Ordinary, 8, nameAlg: 0x0010));
        pair.Bad("NV_DefineSpace with a policy of the wrong size", _ => Define(Index, Ordinary, 8, policy: "0102"));
        pair.Compare("NV_DefineSpace outside of the range", _ => Define(0x02500001, Ordinary, 8));
        pair.Compare("NV_DefineSpace with too long an auth", _ => Define(Index, Ordinary, 8, new string('x', 33)));
        pair.Compare("NV_UndefineSpace", _ => Undefine(Index));
        pair.Good("NV_DefineSpace with SHA-384", _ => Define(Index, Ordinary, 8, nameAlg: 0x000C));
        pair.Good("NV_ReadPublic", _ => ReadPublic(Index), "SS");
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
        pair.Octets("NV_DefineSpace", _ => Define(Index, Ordinary, 8), "", 4, 12);
        pair.Compare("NV_UndefineSpace", _ => Undefine(Index));
    }

    private static void Counters(Pair pair)
    {
        pair.Good("NV_DefineSpace of a counter", _ => Define(Index, 0x0206_0016, 8));
        pair.Bad("NV_Write of a counter", _ => Write(Index, "0102030405060708", 0));
        pair.Bad("NV_Read before the first increment", _ => Read(Index, 8, 0));
        pair.Mutated("NV_Increment", _ => Nv(0x134, Index, Index));
        pair.Good("NV_Read of the counter", _ => Read(Index, 8, 0), "S");
        pair.Good("NV_Increment by owner", _ => Nv(0x134, Owner, Index, ""));
        pair.Good("NV_Read of the counter", _ => Read(Index, 8, 0), "S");
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
        pair.Good("NV_DefineSpace of the same counter", _ => Define(Index, 0x0206_0016, 8));
        pair.Good("NV_Increment", _ => Nv(0x134, Index, Index));
        pair.Good("NV_Read of a counter that never goes back", _ => Read(Index, 8, 0), "S");
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
    }

    private static void Bits(Pair pair)
    {
        pair.Good("NV_DefineSpace of bits", _ => Define(Index, 0x0206_0026, 8));
        pair.Mutated("NV_SetBits", _ => Nv(0x135, Index, Index).U64(5));
        pair.Good("NV_SetBits of more", _ => Nv(0x135, Index, Index).U64(0x8000_0000_0000_0002));
        pair.Good("NV_Read of bits", _ => Read(Index, 8, 0), "S");
        pair.Bad("NV_Write of bits", _ => Write(Index, "01", 0));
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
    }

    private static void Extends(Pair pair)
    {
        pair.Good("NV_DefineSpace of an extend index", _ => Define(Index, 0x0206_0046, 32));
        pair.Mutated("NV_Extend", _ => Nv(0x136, Index, Index).SizedHex("CAFE"));
        pair.Good("NV_Extend again", _ => Nv(0x136, Index, Index).SizedHex("BABE"));
        pair.Good("NV_Read of an extend index", _ => Read(Index, 32, 0), "S");
        pair.Bad("NV_Write of an extend index", _ => Write(Index, "01", 0));
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
    }

    private static void Locks(Pair pair)
    {
        pair.Good("NV_DefineSpace", _ => Define(Index, Ordinary, 8));
        pair.Bad("NV_WriteLock without the attribute", _ => Nv(0x138, Index, Index));
        pair.Bad("NV_ReadLock without the attribute", _ => Nv(0x14F, Index, Index));
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));

        // WRITE_STCLEAR, READ_STCLEAR.
        pair.Good("NV_DefineSpace with locks", _ => Define(Index, Ordinary | 0x8000_4000, 8));
        pair.Good("NV_Write", _ => Write(Index, "0102030405060708", 0));
        pair.Mutated("NV_WriteLock", _ => Nv(0x138, Index, Index));
        pair.Compare("NV_WriteLock again", _ => Nv(0x138, Index, Index));
        pair.Bad("NV_Write to a locked index", _ => Write(Index, "01", 0));
        pair.Good("NV_Read from a write-locked index", _ => Read(Index, 8, 0), "S");
        pair.Good("NV_ReadPublic", _ => ReadPublic(Index), "SS");
        pair.Mutated("NV_ReadLock", _ => Nv(0x14F, Index, Index));
        pair.Compare("NV_ReadLock again", _ => Nv(0x14F, Index, Index));
        pair.Bad("NV_Read from a locked index", _ => Read(Index, 8, 0));
        pair.Good("NV_ReadPublic", _ => ReadPublic(Index), "SS");
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));

        // WRITEALL, WRITEDEFINE.
        pair.Good("NV_DefineSpace with WRITEALL", _ => Define(Index, Ordinary | 0x1000 | 0x2000, 4));
        pair.Bad("NV_Write of a part", _ => Write(Index, "0102", 0));
        pair.Good("NV_Write of all", _ => Write(Index, "01020304", 0));
        pair.Good("NV_WriteLock for ever", _ => Nv(0x138, Index, Index));
        pair.Bad("NV_Write to a locked index", _ => Write(Index, "01020304", 0));
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
    }

    private static void Platforms(Pair pair)
    {
        // PLATFORMCREATE with PPWRITE, PPREAD.
        const uint Platformed = 0x4201_0001;
        pair.Bad("NV_DefineSpace by owner with PLATFORMCREATE", _ => Define(Index, Platformed, 8));
        pair.Bad("NV_DefineSpace by platform without PLATFORMCREATE", _ => Define(Index, Ordinary, 8, by: Platform));
        pair.Good("NV_DefineSpace by platform", _ => Define(Index, Platformed, 8, by: Platform));
        pair.Bad("NV_UndefineSpace by owner", _ => Undefine(Index));
        pair.Good("NV_Write by platform", _ => Write(Index, "01", 0, Platform, ""));
        pair.Bad("NV_Write by owner", _ => Write(Index, "01", 0, Owner, ""));
        pair.Bad("NV_Write by itself", _ => Write(Index, "01", 0));
        pair.Good("NV_Read by platform", _ => Read(Index, 1, 0, Platform, ""), "S");
        pair.Good("NV_UndefineSpace by platform", _ => Undefine(Index, Platform));

        pair.Good("NV_DefineSpace", _ => Define(Index, Ordinary, 8));
        pair.Good("NV_DefineSpace of another", _ => Define(Index + 1, Ordinary, 8));
        pair.Bad("NV_Write authorized by another index", _ => Write(Index, "01", 0, Index + 1));
        pair.Good("NV_UndefineSpace", _ => Undefine(Index));
        pair.Good("NV_UndefineSpace", _ => Undefine(Index + 1));
    }
}
