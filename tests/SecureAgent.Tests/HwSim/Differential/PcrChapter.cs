using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Part 3, chapters 17 and 22: PCRs and hash sequences.</summary>
internal static class PcrChapter
{
    private const string Digest = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    public static void Run(Pair pair)
    {
        Pcrs(pair);
        Sequences(pair);
        HmacSequences(pair);
    }

    private static TpmCommand Read(string selection) => new TpmCommand(0x17E).Hex(selection);

    private static TpmCommand Extend(uint pcr, string digests) => new TpmCommand(0x182).Handle(pcr).Password()
        .Hex(digests);

    private static void Pcrs(Pair pair)
    {
        pair.Good("PCR_Read of all", _ => Read("00000001 000B 03 FFFFFF"), "D*");
        pair.Mutated("PCR_Read", _ => Read("00000001 000B 03 010000"), "D*");
        pair.Octets("PCR_Read", _ => Read("00000001 000B 03 010000"), "D*");
        pair.Good("PCR_Read of two banks", _ => Read("00000002 0004 03 030000 000B 03 000081"), "D*");
        pair.Good("PCR_Read of no bank", _ => Read("00000000"), "D*");
        pair.Good("PCR_Read of no PCR", _ => Read("00000001 000B 03 000000"), "D*");
        pair.Compare("PCR_Read of a short selection", _ => Read("00000001 000B 02 0101"), "D*");
        pair.Compare("PCR_Read of a long selection", _ => Read("00000001 000B 04 01000000"), "D*");
        pair.Compare("PCR_Read of one bank twice", _ => Read("00000002 000B 03 010000 000B 03 020000"), "D*");
        pair.Compare("PCR_Read of SHA-512", _ => Read("00000001 000D 03 010000"), "D*");
        pair.Mutated("PCR_Extend", _ => Extend(10, "00000001 000B" + Digest));
        pair.Octets("PCR_Extend", _ => Extend(10, "00000001 000B" + Digest), "", 0, 8);
        pair.Good("PCR_Extend of two banks", _ => Extend(10, "00000002 000B" + Digest + "0004" + Digest[..40]));
        pair.Good("PCR_Extend of nothing", _ => Extend(10, "00000000"));
        pair.Compare("PCR_Extend of a bank twice", _ => Extend(10, "00000002 000B" + Digest + "000B" + Digest));
        pair.Good("PCR_Extend of TPM_RH_NULL", _ => Extend(Null, "00000001 000B" + Digest));
        for (uint pcr = 0; pcr < 24; pcr++)
        {
            uint number = pcr;
            pair.Compare($"PCR_Extend {pcr}", _ => Extend(number, "00000001 000B" + Digest));
            pair.Compare($"PCR_Reset {pcr}", _ => new TpmCommand(0x13D).Handle(number).Password());
        }

        pair.Good("PCR_Read", _ => Read("00000001 000B 03 FF0000"), "D*");
        pair.Good("PCR values", _ => Read("00000001 000B 03 000400"), "DDWBBBBDS");
        pair.Mutated("PCR_Reset", _ => new TpmCommand(0x13D).Handle(16).Password());
        pair.Good("PCR 16 is zero", _ => Read("00000001 000B 03 000001"), "*");
        pair.Mutated("PCR_Event", _ => new TpmCommand(0x13C).Handle(16).Password().SizedHex("616263"), "*");
        pair.Good("PCR_Event of nothing", _ => new TpmCommand(0x13C).Handle(16).Password().Sized([]), "*");
        pair.Good("PCR_Event of TPM_RH_NULL",
            _ => new TpmCommand(0x13C).Handle(Null).Password().SizedHex("616263"), "*");
        pair.Bad("PCR_Event of too much", _ => new TpmCommand(0x13C).Handle(16).Password().Sized(new byte[1025]));
        pair.Good("PCR values", _ => Read("00000001 000B 03 000401"), "*");
        pair.Good("PCR_Read of SHA-1", _ => Read("00000001 0004 03 000001"), "*");
    }

    private static TpmCommand Start(ushort algorithm, string auth = "") =>
        new TpmCommand(0x186).Sized(System.Text.Encoding.ASCII.GetBytes(auth)).U16(algorithm);

    private static TpmCommand Update(Side side, string data, string auth = "") =>
        new TpmCommand(0x15C).Handle(side.Handle("seq")).Password(auth).SizedHex(data);

    private static TpmCommand Complete(Side side, string data, uint hierarchy = Null, string auth = "") =>
        new TpmCommand(0x13E).Handle(side.Handle("seq")).Password(auth).SizedHex(data).U32(hierarchy);

    private static void Sequences(Pair pair)
    {
        pair.Mutated("HashSequenceStart", _ => Start(0x000B), "H", "seq");
        pair.Good("FlushContext of a sequence", side => Flush(side.Handle("seq")));
        pair.Octets("HashSequenceStart", _ => Start(0x000B), "H");
        pair.Good("HashSequenceStart", _ => Start(0x000B, "pw"), "H", "seq");
        pair.Good("SequenceUpdate", side => Update(side, "6162", "pw"));
        pair.Mutated("SequenceUpdate of nothing", side => Update(side, "", "pw"));
        pair.Bad("ReadPublic of a sequence", side => new TpmCommand(0x173).Handle(side.Handle("seq")));
        pair.Bad("EventSequenceComplete of a hash sequence", side => new TpmCommand(0x185).Handle(16)
            .Handle(side.Handle("seq")).Password().Password("pw").Sized([]));
        pair.Wrong("SequenceComplete", side => Complete(side, "63", Null, "pw"), "SWDS");
        pair.Good("HashSequenceStart", _ => Start(0x000B), "H", "seq");
        pair.Good("SequenceUpdate", side => Update(side, "6162"));
        pair.Good("ContextSave of a sequence", side => new TpmCommand(0x162).Handle(side.Handle("seq")), "qDDv",
            "ctx.sequence", "ctx.handle", "ctx.hierarchy", "ctx.blob");
        pair.Good("SequenceComplete", side => Complete(side, "63"), "SWDS");
        pair.Bad("SequenceComplete again", side => Complete(side, "63"));
        foreach (ushort algorithm in new ushort[] { 0x0004, 0x000C, 0x000D })
        {
            pair.Good("HashSequenceStart", _ => Start(algorithm), "H", "seq");
            pair.Good("SequenceUpdate of the most", side => new TpmCommand(0x15C).Handle(side.Handle("seq")).Password()
                .Sized(new byte[1024]));
            pair.Bad("SequenceUpdate of too much", side => new TpmCommand(0x15C).Handle(side.Handle("seq")).Password()
                .Sized(new byte[1025]));
            pair.Good("SequenceComplete", side => Complete(side, "63", Owner), "SWDs");
        }

        pair.Good("HashSequenceStart", _ => Start(0x000B), "H", "seq");
        pair.Good("SequenceUpdate that looks like an attestation", side => Update(side, "FF544347"));
        pair.Good("SequenceComplete", side => Complete(side, "00", Owner), "SWDS");
        pair.Good("HashSequenceStart of an event", _ => Start(0x0010), "H", "seq");
        pair.Good("SequenceUpdate", side => Update(side, "6162"));
        pair.Bad("SequenceComplete of an event", side => Complete(side, "63"));
        pair.Wrong("EventSequenceComplete", side => Event(side, 16), "*");
        pair.Good("HashSequenceStart of an event", _ => Start(0x0010), "H", "seq");
        pair.Good("EventSequenceComplete", side => Event(side, 16), "*");
        pair.Good("HashSequenceStart of an event", _ => Start(0x0010), "H", "seq");
        pair.Good("EventSequenceComplete into nothing", side => Event(side, Null), "*");
        pair.Good("PCR values", _ => Read("00000001 000B 03 000001"), "*");
    }

    private static TpmCommand Event(Side side, uint pcr) => new TpmCommand(0x185).Handle(pcr).Handle(side.Handle("seq"))
        .Password().Password().SizedHex("63");

    private static void HmacSequences(Pair pair)
    {
        pair.Good("LoadExternal", _ => new TpmCommand(0x167).SizedHex("0008 0000 0020 "
                + new string('0', 64) + " 0004 0B0B0B0B")
            .SizedHex("0008 000B 00040040 0000 0005 000B 0020" + Convert.ToHexString(
                System.Security.Cryptography.SHA256.HashData([.. new byte[32], 0x0B, 0x0B, 0x0B, 0x0B])))
            .U32(Null), "HS", "hmac");
        pair.Mutated("HMAC_Start", side => HmacStart(side, 0x000B), "H", "seq");
        pair.Good("SequenceUpdate", side => Update(side, "4869"));
        pair.Good("SequenceComplete", side => Complete(side, ""), "SWDS");
        pair.Good("HMAC",
            side => new TpmCommand(0x155).Handle(side.Handle("hmac")).Password().SizedHex("4869").U16(0x0010), "S");
        pair.Good("HMAC_Start with the key's hash", side => HmacStart(side, 0x0010), "H", "seq");
        pair.Good("SequenceComplete", side => Complete(side, "4869", Owner), "SWDS");
        pair.Bad("HMAC_Start with another hash", side => HmacStart(side, 0x0004));
        pair.Good("FlushContext", side => Flush(side.Handle("hmac")));
    }

    private static TpmCommand HmacStart(Side side, ushort algorithm) => new TpmCommand(0x15B)
        .Handle(side.Handle("hmac"))
        .Password().Sized([]).U16(algorithm);
}
