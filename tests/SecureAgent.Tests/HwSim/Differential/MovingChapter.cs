using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Credentials, duplication, contexts and persistent objects.</summary>
internal static class MovingChapter
{
    public static void Run(Pair pair)
    {
        pair.Good("storage primary", _ => CreatePrimary(EccStorage), "HssSWDss", PrimaryFields("srk"));
        Credentials(pair);
        Duplication(pair);
        Contexts(pair);
        Persistence(pair);
    }

    private static void Credentials(Pair pair)
    {
        pair.Good("Create", side => Create(side.Handle("srk"), EccAttest, "ak"), "ssssWDs", CreateFields("ak"));
        pair.Good("Load", side => Load(side, "ak"), "Hs", "ak", "ak.name");
        pair.Mutated("MakeCredential", side => new TpmCommand(0x168).Handle(side.Handle("srk"))
            .SizedHex("00112233445566778899AABBCCDDEEFF").Sized(side["ak.name"]), "ss", "blob", "secret");
        pair.Bad("MakeCredential too long", side => new TpmCommand(0x168).Handle(side.Handle("srk"))
            .Sized(new byte[33]).Sized(side["ak.name"]));
        pair.Bad("MakeCredential with a signing key", side => new TpmCommand(0x168).Handle(side.Handle("ak"))
            .SizedHex("0011").Sized(side["ak.name"]));
        pair.Mutated("ActivateCredential", Activate, "S");
        pair.Octets("ActivateCredential", Activate, "S", 0, 4);
        foreach (int at in new[] { 0, 2, 10, 33, 34, 40 })
        {
            pair.Bad($"ActivateCredential with octet {at} changed", side => new TpmCommand(0x147)
                .Handle(side.Handle("ak")).Handle(side.Handle("srk")).Password("ak").Password()
                    .Sized(side.Changed("blob", at)).Sized(side["secret"]));
        }

        pair.Bad("ActivateCredential for another object", side => new TpmCommand(0x147).Handle(side.Handle("srk"))
            .Handle(side.Handle("srk")).Password().Password().Sized(side["blob"]).Sized(side["secret"]));
        pair.Good("FlushContext", side => Flush(side.Handle("ak")));
    }

    private static TpmCommand Activate(Side side) => new TpmCommand(0x147).Handle(side.Handle("ak"))
        .Handle(side.Handle("srk")).Password("ak").Password().Sized(side["blob"]).Sized(side["secret"]);

    private static void Duplication(Pair pair)
    {
        // PolicyCommandCode(TPM2_Duplicate), as TPM 2.0 Part 3, 23.11 computes it from a zero digest.
        byte[] policy = System.Security.Cryptography.SHA256.HashData(
            [.. new byte[32], 0, 0, 0x01, 0x6C, 0, 0, 0x01, 0x4B]);
        string movable = "0023 000B 00040460 0020" + Convert.ToHexString(policy) + "0010 0018 000B 0003 0010 0000 0000";
        pair.Good("Create movable", side => Create(side.Handle("srk"), movable), "ssssWDs", CreateFields("mov"));
        pair.Good("Load movable", side => Load(side, "mov"), "Hs", "mov", "mov.name");
        pair.Good("policy session", _ => new TpmCommand(0x176).Handle(Null).Handle(Null).Sized(new byte[16]).Sized([])
            .U8(1).U16(0x0010).U16(0x000B), "Hs", "policy");
        pair.Good("PolicyCommandCode", side => new TpmCommand(0x16C).Handle(side.Handle("policy")).U32(0x14B));
        pair.Bad("Duplicate with a password", side => new TpmCommand(0x14B).Handle(side.Handle("mov")).Handle(Null)
            .Password().Sized([]).U16(0x0010));
        pair.Wrong("Duplicate", side => Duplicate(side, Null, "0010"), "SsS");
        pair.Compare("PolicyRestart", side => new TpmCommand(0x180).Handle(side.Handle("policy")));
        pair.Good("PolicyCommandCode", side => new TpmCommand(0x16C).Handle(side.Handle("policy")).U32(0x14B));
        pair.Good("Duplicate without a parent", side => Duplicate(side, Null, "0010"), "SsS", "", "dup", "seed");
        pair.Good("PolicyCommandCode", side => new TpmCommand(0x16C).Handle(side.Handle("policy")).U32(0x14B));
        pair.Good("Duplicate", side => Duplicate(side, side.Handle("srk"), "0010"), "Sss", "", "dup2", "seed2");
        pair.Good("PolicyCommandCode", side => new TpmCommand(0x16C).Handle(side.Handle("policy")).U32(0x14B));
        pair.Good("Duplicate with an inner wrapper", side => Duplicate(side, side.Handle("srk"), "0006 0080 0043"),
            "sss", "inner", "dup3", "seed3");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("FlushContext", side => Flush(side.Handle("mov")));
        pair.Mutated("Import in the clear", side => Import(side, [], side["dup"], [], "0010"), "s", "imported");
        pair.Mutated("Import", side => Import(side, [], side["dup2"], side["seed2"], "0010"), "s", "imported");
        pair.Good("Import with an inner wrapper",
            side => Import(side, side["inner"], side["dup3"], side["seed3"], "0006 0080 0043"), "s");
        pair.Bad("Import with an inner key but no algorithm",
            side => Import(side, side["inner"], side["dup3"], side["seed3"], "0010"));
        pair.Bad("Import without the inner key",
            side => Import(side, [], side["dup3"], side["seed3"], "0006 0080 0043"));
        foreach (int at in new[] { 0, 1, 2, 20, 34, 35, 50, 66 })
        {
            pair.Bad($"Import with octet {at} changed",
                side => Import(side, [], side.Changed("dup2", at), side["seed2"], "0010"));
        }

        pair.Bad("Import of a fixed key", side => new TpmCommand(0x156).Handle(side.Handle("srk")).Password().Sized([])
            .SizedHex(EccSign.Replace("0000 0000", "0001 01 0001 02")).Sized(side["dup"]).Sized([]).U16(0x0010));
        pair.Good("Load imported", side => new TpmCommand(0x157).Handle(side.Handle("srk")).Password()
            .Sized(side["imported"]).Sized(side["mov.public"]), "Hs", "mov");
        pair.Good("FlushContext", side => Flush(side.Handle("mov")));
    }

    private static TpmCommand Duplicate(Side side, uint parent, string symmetric) => new TpmCommand(0x14B)
        .Handle(side.Handle("mov")).Handle(parent).Session(side.Handle("policy"), [], 1, []).Sized([]).Hex(symmetric);

    private static TpmCommand Import(Side side, byte[] key, byte[] duplicate, byte[] seed, string symmetric) =>
        new TpmCommand(0x156).Handle(side.Handle("srk")).Password().Sized(key).Sized(side["mov.public"])
            .Sized(duplicate).Sized(seed).Hex(symmetric);

    private static void Contexts(Pair pair)
    {
        pair.Mutated("ContextSave", side => new TpmCommand(0x162).Handle(side.Handle("srk")), "qDDv",
            "ctx.sequence", "ctx.handle", "ctx.hierarchy", "ctx.blob");
        pair.Mutated("ContextLoad", LoadContext, "H", "a");
        pair.Good("ReadPublic of the loaded context", side => new TpmCommand(0x173).Handle(side.Handle("a")), "sss");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Octets("ContextLoad", LoadContext, "H", 0, 18);
        foreach (int at in new[] { 0, 1, 2, 10, 34, 50 })
        {
            pair.Bad($"ContextLoad with octet {at} changed", side => new TpmCommand(0x161).Raw(side["ctx.sequence"])
                .Raw(side["ctx.handle"]).Raw(side["ctx.hierarchy"])
                    .Sized(side.Changed("ctx.blob", at)));
        }

        pair.Good("session", _ => new TpmCommand(0x176).Handle(Null).Handle(Null).Sized(new byte[16]).Sized([])
            .U8(0).U16(0x0010).U16(0x000B), "Hs", "session");
        pair.Good("ContextSave of a session", side => new TpmCommand(0x162).Handle(side.Handle("session")), "qDDv",
            "ctx.sequence", "ctx.handle", "ctx.hierarchy", "ctx.blob");
        pair.Good("GetCapability saved sessions", _ => new TpmCommand(0x17A).U32(1).U32(0x03000000).U32(8), "BD*");
        pair.Bad("ContextSave of a saved session", side => new TpmCommand(0x162).Handle(side.Handle("session")));
        pair.Good("ContextLoad of a session", LoadContext, "H");
        pair.Bad("ContextLoad of a session twice", LoadContext);
        pair.Good("FlushContext", side => Flush(side.Handle("session")));
        pair.Mutated("FlushContext of nothing, then of a session", _ => new TpmCommand(0x176).Handle(Null).Handle(Null)
            .Sized(new byte[16]).Sized([]).U8(0).U16(0x0010).U16(0x000B), "Hs", "session");
        pair.Mutated("FlushContext", side => Flush(side.Handle("session")));
    }

    private static TpmCommand LoadContext(Side side) => new TpmCommand(0x161).Raw(side["ctx.sequence"])
        .Raw(side["ctx.handle"]).Raw(side["ctx.hierarchy"]).Sized(side["ctx.blob"]);

    private static TpmCommand Evict(uint auth, uint handle, uint persistent) =>
        new TpmCommand(0x120).Handle(auth).Handle(handle).Password().U32(persistent);

    private static void Persistence(Pair pair)
    {
        pair.Bad("EvictControl at a platform handle by owner", side => Evict(Owner, side.Handle("srk"), 0x81800001));
        pair.Bad("EvictControl at a transient handle", side => Evict(Owner, side.Handle("srk"), 0x80000001));
        pair.Bad("EvictControl beyond the range", side => Evict(Owner, side.Handle("srk"), 0x82000000));
        pair.Compare("EvictControl of an owner key by platform",
            side => Evict(Platform, side.Handle("srk"), 0x81800001));
        pair.Mutated("EvictControl", side => Evict(Owner, side.Handle("srk"), 0x81000001));
        pair.Bad("EvictControl at a taken handle", side => Evict(Owner, side.Handle("srk"), 0x81000001));
        pair.Good("GetCapability persistent", _ => new TpmCommand(0x17A).U32(1).U32(0x81000000).U32(8), "BD*");
        pair.Good("ReadPublic of a persistent object", _ => new TpmCommand(0x173).Handle(0x81000001), "sss");
        pair.Good("Create under a persistent parent", _ => Create(0x81000001, EccSign), "ssssWDs", CreateFields("key"));
        pair.Bad("ReadPublic of a persistent handle without an object", _ => new TpmCommand(0x173).Handle(0x81000002));
        pair.Bad("FlushContext of a persistent object", _ => Flush(0x81000001));
        pair.Bad("ContextSave of a persistent object", _ => new TpmCommand(0x162).Handle(0x81000001));
        pair.Bad("EvictControl away under another handle", _ => Evict(Owner, 0x81000001, 0x81000002));
        pair.Good("EvictControl away", _ => Evict(Owner, 0x81000001, 0x81000001));
        pair.Bad("EvictControl away again", _ => Evict(Owner, 0x81000001, 0x81000001));
    }
}
