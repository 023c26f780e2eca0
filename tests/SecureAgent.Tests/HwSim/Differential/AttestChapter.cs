using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Part 3, chapters 18 and 29: attestation and the clock.</summary>
internal static class AttestChapter
{
    private const string EcdsaSha256 = "0018 000B";

    // certifyInfo, then a TPMT_SIGNATURE, which may be of no algorithm.
    private const string Attestation = "sW*";

    public static void Run(Pair pair)
    {
        pair.Good("attestation key", _ => CreatePrimary(EccAttest, "", Endorsement), "HssSWDss", PrimaryFields("ak"));
        pair.Good("storage primary", _ => CreatePrimary(EccStorage), "HssSWDss", PrimaryFields("srk"));
        pair.Good("Create", side => Create(side.Handle("srk"), EccSign, "pin"), "ssssWDs", CreateFields("key"));
        pair.Good("Load", side => Load(side, "key"), "Hs", "key", "key.name");
        Certify(pair);
        Quote(pair);
        Time(pair);
        Restricted(pair);
    }

    private static TpmCommand Certify(Side side, string target, string by, string password,
        string scheme = EcdsaSha256) =>
        new TpmCommand(0x148).Handle(side.Handle(target)).Handle(by.Length == 0 ? Null : side.Handle(by))
            .Password(password)
            .Password().SizedHex("0102").Hex(scheme);

    private static void Certify(Pair pair)
    {
        pair.Mutated("Certify", side => Certify(side, "key", "ak", "pin"), Attestation);
        pair.Octets("Certify", side => Certify(side, "key", "ak", "pin"), Attestation, 4);
        pair.Good("Certify with the key's scheme", side => Certify(side, "key", "ak", "pin", "0010"), Attestation);
        pair.Good("Certify of itself", side => Certify(side, "ak", "ak", "", "0010"), Attestation);
        pair.Good("Certify without a signature", side => Certify(side, "key", "", "pin", "0010"), "sW");
        pair.Bad("Certify by a storage key", side => Certify(side, "key", "srk", "pin"));
        pair.Bad("Certify with RSASSA", side => Certify(side, "key", "ak", "pin", "0014 000B"));
        pair.Bad("Certify with another hash", side => Certify(side, "key", "ak", "pin", "0018 000C"));
        pair.Bad("Certify with too much qualifying data", side => new TpmCommand(0x148).Handle(side.Handle("key"))
            .Handle(side.Handle("ak")).Password("pin").Password().Sized(new byte[67]).Hex(EcdsaSha256));
        pair.Mutated("CertifyCreation", side => Creation(side, side["key.hash"]), Attestation);
        pair.Bad("CertifyCreation with another hash", side => Creation(side, new byte[32]));
        pair.Bad("CertifyCreation with another key's ticket", side => new TpmCommand(0x14A).Handle(side.Handle("ak"))
            .Handle(side.Handle("key")).Password().SizedHex("0102").Sized(side["srk.hash"]).Hex(EcdsaSha256)
            .Raw(side["srk.ticket.tag"]).Raw(side["srk.ticket.hierarchy"]).Sized(side["srk.ticket.digest"]));
        pair.Good("CertifyCreation without a signature", side => new TpmCommand(0x14A).Handle(Null)
            .Handle(side.Handle("key")).Password().SizedHex("0102").Sized(side["key.hash"]).Hex("0010")
            .Raw(side["key.ticket.tag"]).Raw(side["key.ticket.hierarchy"]).Sized(side["key.ticket.digest"]), "sW");
        pair.Good("CertifyCreation of a primary", side => new TpmCommand(0x14A).Handle(side.Handle("ak"))
            .Handle(side.Handle("srk")).Password().SizedHex("0102").Sized(side["srk.hash"]).Hex(EcdsaSha256)
            .Raw(side["srk.ticket.tag"]).Raw(side["srk.ticket.hierarchy"])
                .Sized(side["srk.ticket.digest"]), Attestation);
    }

    private static TpmCommand Creation(Side side, byte[] hash) => new TpmCommand(0x14A).Handle(side.Handle("ak"))
        .Handle(side.Handle("key")).Password().SizedHex("0102").Sized(hash).Hex(EcdsaSha256)
        .Raw(side["key.ticket.tag"]).Raw(side["key.ticket.hierarchy"]).Sized(side["key.ticket.digest"]);

    private static TpmCommand Quote(uint key, string pcrs, string scheme = EcdsaSha256) =>
        new TpmCommand(0x158).Handle(key).Password().SizedHex("CAFE").Hex(scheme).Hex(pcrs);

    private static void Quote(Pair pair)
    {
        pair.Mutated("Quote", side => Quote(side.Handle("ak"), "00000001 000B 03 FF0000"), Attestation);
        pair.Octets("Quote", side => Quote(side.Handle("ak"), "00000001 000B 03 FF0000"), Attestation, 4);
        pair.Good("Quote of two banks",
            side => Quote(side.Handle("ak"), "00000002 0004 03 010000 000B 03 010000"), Attestation);
        pair.Good("Quote of nothing", side => Quote(side.Handle("ak"), "00000000"), Attestation);
        pair.Compare("Quote by nothing", _ => Quote(Null, "00000001 000B 03 FF0000", "0010"), "sW");
        pair.Bad("Quote by a storage key", side => Quote(side.Handle("srk"), "00000001 000B 03 FF0000"));
        pair.Bad("Quote of too many banks", side => Quote(side.Handle("ak"),
            "00000011" + string.Concat(Enumerable.Repeat("000B03010000", 17))));
    }

    private static void Time(Pair pair)
    {
        pair.Mutated("GetTime",
            side => new TpmCommand(0x14C).Handle(Endorsement).Handle(side.Handle("ak")).Password().Password()
            .SizedHex("CAFE").Hex(EcdsaSha256), Attestation);
        pair.Good("GetTime without a signature", _ => new TpmCommand(0x14C).Handle(Endorsement).Handle(Null).Password()
            .Password().SizedHex("CAFE").Hex("0010"), "sW");
        pair.Bad("GetTime by owner",
            side => new TpmCommand(0x14C).Handle(Owner).Handle(side.Handle("ak")).Password().Password()
            .SizedHex("CAFE").Hex(EcdsaSha256));
        pair.Good("ReadClock", _ => new TpmCommand(0x181), "qqddb");
        pair.Wrong("ClockSet", _ => new TpmCommand(0x128).Handle(Owner).Password().U64(0x1_0000_0000));
        pair.Good("ClockSet", _ => new TpmCommand(0x128).Handle(Owner).Password().U64(0x2_0000_0000));
        pair.Bad("ClockSet back", _ => new TpmCommand(0x128).Handle(Owner).Password().U64(0x1_0000_0000));
        pair.Bad("ClockSet too far", _ => new TpmCommand(0x128).Handle(Owner).Password().U64(0xFFFF_0000_0000_0001));
        pair.Good("ClockSet by platform", _ => new TpmCommand(0x128).Handle(Platform).Password().U64(0x3_0000_0000));
        pair.Good("ReadClock", _ => new TpmCommand(0x181), "qqddb");
    }

    private static void Restricted(Pair pair)
    {
        // SHA-256("abc"), FIPS 180.
        const string Digest = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        pair.Bad("Sign with a restricted key and no ticket",
            side => new TpmCommand(0x15D).Handle(side.Handle("ak")).Password()
            .SizedHex(Digest).Hex(EcdsaSha256).Hex("8024 40000007 0000"));
        pair.Good("Hash", _ => new TpmCommand(0x17D).SizedHex("616263").U16(0x000B).U32(Endorsement), "SWDs",
            "hash", "ticket.tag", "ticket.hierarchy", "ticket.digest");
        pair.Good("Sign with a restricted key and the ticket", side => Sign(side, Digest), "WWss");
        pair.Bad("Sign another digest with the ticket", side => Sign(side, Digest.Replace("BA", "BB")));
        pair.Good("Hash of an attestation",
            _ => new TpmCommand(0x17D).SizedHex("FF544347").U16(0x000B).U32(Endorsement), "SWDs",
            "hash", "ticket.tag", "ticket.hierarchy", "ticket.digest");
        pair.Bad("Sign what looks like an attestation", side => Sign(side, Convert.ToHexString(side["hash"])));
    }

    private static TpmCommand Sign(Side side, string digest) => new TpmCommand(0x15D).Handle(side.Handle("ak"))
        .Password()
        .SizedHex(digest).Hex(EcdsaSha256).Raw(side["ticket.tag"]).Raw(side["ticket.hierarchy"])
            .Sized(side["ticket.digest"]);
}
