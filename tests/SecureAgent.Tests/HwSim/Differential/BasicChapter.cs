using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Part 3, chapters 9 to 11, 15, 16 and 30: startup, tests, hash, random numbers, capabilities.</summary>
internal static class BasicChapter
{
    public static void Run(Pair pair)
    {
        Framing(pair);
        pair.Bad("Startup again", _ => Startup(0));
        pair.Bad("Startup state again", _ => Startup(1));
        pair.Mutated("GetRandom", _ => new TpmCommand(0x17B).U16(8), "s");
        pair.Good("GetRandom too many", _ => new TpmCommand(0x17B).U16(1000), "s");
        pair.Mutated("StirRandom", _ => new TpmCommand(0x146).SizedHex("0102030405"));
        pair.Bad("StirRandom too much", _ => new TpmCommand(0x146).Sized(new byte[129]));
        pair.Good("StirRandom much", _ => new TpmCommand(0x146).Sized(new byte[128]));
        pair.Mutated("SelfTest", _ => new TpmCommand(0x143).U8(1));
        pair.Octets("SelfTest", _ => new TpmCommand(0x143).U8(1), "");
        pair.Mutated("GetTestResult", _ => new TpmCommand(0x17C), "sD");
        Hashes(pair);
        Capabilities(pair);
        TestParms(pair);
    }

    private static void Framing(Pair pair)
    {
        pair.Bad("unknown command", _ => new TpmCommand(0x1FF));
        pair.Bad("unknown command 0", _ => new TpmCommand(0));
        pair.Bad("vendor command", _ => new TpmCommand(0x20000000));
        pair.Bad("reserved command bits", _ => new TpmCommand(0x0001017B).U16(8));
        pair.Bad("unknown command with sessions", _ => new TpmCommand(0x1FF).Password());
        pair.Mutated("ReadClock", _ => new TpmCommand(0x181), "qqddb");
    }

    private static void Hashes(Pair pair)
    {
        foreach (ushort algorithm in new ushort[] { 0x0004, 0x000B, 0x000C, 0x000D })
        {
            pair.Good($"Hash {algorithm:X4}", _ => Hash("616263", algorithm, Owner), "SWDs");
            pair.Good($"Hash null {algorithm:X4}", _ => Hash("", algorithm, Null), "SWDS");
        }

        pair.Mutated("Hash", _ => Hash("616263", 0x000B, Owner), "SWDs");
        pair.Octets("Hash", _ => Hash("616263", 0x000B, Owner), "SWDs", 5);
        pair.Bad("Hash null algorithm", _ => Hash("616263", 0x0010, Owner));
        pair.Bad("Hash of a symmetric algorithm", _ => Hash("616263", 0x0006, Owner));
        pair.Good("Hash that looks like an attestation", _ => Hash("FF544347 00", 0x000B, Owner), "SWDS");
        pair.Good("Hash in the platform hierarchy", _ => Hash("616263", 0x000B, Platform), "SWDs");
        pair.Bad("Hash in no hierarchy", _ => Hash("616263", 0x000B, LockoutHandle));
        pair.Bad("Hash of too much", _ => new TpmCommand(0x17D).Sized(new byte[1025]).U16(0x000B).U32(Owner));
        pair.Good("Hash of the most", _ => new TpmCommand(0x17D).Sized(new byte[1024]).U16(0x000B).U32(Owner), "SWDs");
    }

    private static TpmCommand Hash(string data, ushort algorithm, uint hierarchy) =>
        new TpmCommand(0x17D).SizedHex(data).U16(algorithm).U32(hierarchy);

    private static TpmCommand GetCapability(uint capability, uint property, uint count) =>
        new TpmCommand(0x17A).U32(capability).U32(property).U32(count);

    private static void Capabilities(Pair pair)
    {
        pair.Mutated("GetCapability handles", _ => GetCapability(1, 0x80000000, 8), "BDD");
        pair.Octets("GetCapability handles", _ => GetCapability(1, 0x81000000, 8), "BD*", 0, 5);
        pair.Good("GetCapability PCRs", _ => GetCapability(5, 0, 1), "BD*");
        pair.Bad("GetCapability PCRs from 1", _ => GetCapability(5, 1, 1));
        pair.Good("GetCapability permanent handles", _ => GetCapability(1, 0x40000000, 32), "BD*");
        pair.Good("GetCapability PCR handles", _ => GetCapability(1, 0, 64), "BD*");
        pair.Good("GetCapability PCR handles from 20", _ => GetCapability(1, 20, 64), "BD*");
        pair.Good("GetCapability NV handles", _ => GetCapability(1, 0x01000000, 8), "BDD");
        pair.Good("GetCapability loaded sessions", _ => GetCapability(1, 0x02000000, 8), "BDD");
        pair.Good("GetCapability saved sessions", _ => GetCapability(1, 0x03000000, 8), "BDD");
        pair.Bad("GetCapability handles of no type", _ => GetCapability(1, 0x55000000, 8));
        pair.Bad("GetCapability of nothing", _ => GetCapability(10, 0, 8));
        pair.Bad("GetCapability vendor", _ => GetCapability(0x100, 0, 8));
        pair.Good("GetCapability zero properties", _ => GetCapability(6, 0x100, 0), "BDD");
        pair.Good("GetCapability past the last", _ => GetCapability(6, 0x00FF0000, 8), "BDD");
        pair.Good("GetCapability commands past the last", _ => GetCapability(2, 0x0000FFFF, 8), "BDD");
        pair.Good("GetCapability audited commands", _ => GetCapability(4, 0x11F, 8), "BD*");
        pair.Good("GetCapability physical presence commands", _ => GetCapability(3, 0x11F, 100), "BD*");
        pair.Good("GetCapability algorithms from above", _ => GetCapability(0, 0xFFFF, 8), "BDD");
        pair.Good("GetCapability one algorithm", _ => GetCapability(0, 0x000B, 1), "BD*");
        pair.Good("GetCapability family", _ => GetCapability(6, 0x100, 1), "BDDDD");
        pair.Good("GetCapability level", _ => GetCapability(6, 0x101, 1), "BDDDD");
        foreach (uint property in new uint[]
        {
            0x10D, 0x10E, 0x10F, 0x110, 0x111, 0x112, 0x113, 0x117, 0x119, 0x11E, 0x120, 0x12C,
        })
        {
            pair.Good($"GetCapability property {property:X}", _ => GetCapability(6, property, 1), "BDDD*");
        }
    }

    private static void TestParms(Pair pair)
    {
        foreach (string parameters in new[]
        {
            "0001 0010 0010 0800 00000000", "0001 0010 0014 000B 0800 00010001",
            "0001 0006 0080 0043 0010 0800 00000000",
            "0023 0010 0018 000B 0003 0010", "0023 0010 0010 0004 0010", "0023 0006 0080 0043 0010 0003 0010",
            "0008 0005 000B", "0008 0010", "0025 0006 0080 0043", "0023 0010 0018 000C 0005 0010",
        })
        {
            pair.Good($"TestParms {parameters}", _ => new TpmCommand(0x18A).Hex(parameters));
        }

        foreach (string parameters in new[]
        {
            "0001 0010 0010 0801 00000000", "0001 0010 0010 1000 00000000", "0001 0010 0010 0800 00000003",
            "0023 0010 0018 0010 0003 0010", "0023 0010 0018 000B 0099 0010", "0023 0010 0014 000B 0003 0010",
            "0008 0005 0010", "0008 000A 000B", "0025 0010", "0025 0006 0081 0043", "0025 0006 0080 0099", "0010",
            "0099",
            "0001 0099 0010 0800 00000000", "0023 0010 0018 000B 0003 0099", "0001 0010 0018 000B 0800 00000000",
        })
        {
            pair.Compare($"TestParms {parameters}", _ => new TpmCommand(0x18A).Hex(parameters));
        }

        pair.Mutated("TestParms", _ => new TpmCommand(0x18A).Hex("0023 0010 0018 000B 0003 0010"));
        pair.Octets("TestParms", _ => new TpmCommand(0x18A).Hex("0001 0010 0014 000B 0800 00000000"), "");
    }
}
