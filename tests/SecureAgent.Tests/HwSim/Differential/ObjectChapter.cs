using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Part 3, chapters 12 to 14, 20 and 24: making, loading, moving and using keys.</summary>
internal static class ObjectChapter
{
    private const int CbcMode = 23;
    private const int P224OfStorage = 27;
    private const int P224OfExternal = 21;
    private const int P224OfSigning = 25;

    private const string Digest = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    private const string NullTicket = "8024 40000007 0000";

    // CreatePrimary: handle, outPublic, creationData, creationHash, ticket (tag, hierarchy, digest), name.
    private const string Primary = "HsssWDss";
    private const string Created = "ssssWDs";

    public static void Run(Pair pair)
    {
        Primaries(pair);
        pair.Good("storage primary", _ => CreatePrimary(EccStorage), "HssSWDss", PrimaryFields("srk"));
        ReadPublic(pair);
        CreateAndLoad(pair);
        SignAndVerify(pair);
        Seal(pair);
        Ecdh(pair);
        External(pair);
    }

    private static void Primaries(Pair pair)
    {
        pair.Mutated("CreatePrimary", _ => CreatePrimary(EccStorage), Primary, "a");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Bad("FlushContext again", side => Flush(side.Handle("a")));
        pair.Octets("CreatePrimary", _ => CreatePrimary(EccStorage), Primary, 6, int.MaxValue, CbcMode, P224OfStorage);
        foreach (string template in new[]
        {
            EccSign, EccSignDa, EccSign384, EccAttest, EccDecrypt, Hmac,
            "0023 000B 00030472 0000  0006 0080 0043  0010  0004  0010  0000 0000", // P-384 storage
            "0023 000D 00040472 0000  0010  0018 000C  0005  0010  0000 0000", // P-521 with SHA-384
            "0025 000B 00060472 0000  0006 0080 0043  0000", // an AES key
            "0025 000B 00030472 0000  0006 0080 0043  0000", // a symmetric storage key
            "0008 000B 00030472 0000  0008 000B 0022  0000", // a derivation parent with KDF1_SP800_108
        })
        {
            uint code = pair.Compare($"CreatePrimary {template}", _ => CreatePrimary(template), Primary, "a");
            if (code == 0)
            {
                pair.Good("FlushContext", side => Flush(side.Handle("a")));
            }
        }

        foreach (string template in new[]
        {
            "0023 000B 00030472 0000  0010  0010  0003  0010  0000 0000", // storage without symmetric
            "0023 000B 00040472 0000  0006 0080 0043  0018 000B  0003  0010  0000 0000", // signing with symmetric
            "0023 000B 00050472 0000  0010  0010  0003  0010  0000 0000", // restricted signing without scheme
            "0023 000B 00070472 0000  0010  0010  0003  0010  0000 0000", // restricted, signs and decrypts
            "0023 000B 00040452 0000  0010  0018 000B  0003  0010  0000 0000", // no sensitiveDataOrigin
            "0023 000B 00040462 0000  0010  0018 000B  0003  0010  0000 0000", // fixedTPM without fixedParent
            "0023 000B 00040432 0000  0010  0018 000B  0003  0010  0000 0000", // no way to authorize
            "0023 000B 000404F2 0000  0010  0018 000B  0003  0010  0000 0000", // adminWithPolicy without a policy
            "0023 000B 00040473 0000  0010  0018 000B  0003  0010  0000 0000", // reserved attribute
            "0023 000B 00040C72 0000  0010  0018 000B  0003  0010  0000 0000", // encryptedDuplication with fixedTPM
            "0023 0010 00040472 0000  0010  0018 000B  0003  0010  0000 0000", // no nameAlg
            "0023 0010 00030472 0000  0006 0080 0043  0010  0003  0010  0000 0000",
            "0023 000B 00040472 0001AA  0010  0018 000B  0003  0010  0000 0000", // policy of the wrong size
            "0023 000B 00000472 0000  0010  0010  0003  0010  0000 0000", // neither signs nor decrypts
            "0008 000B 00000472 0000  0010  0000", // sealed data that has sensitiveDataOrigin
            "0008 000B 00060472 0000  0010  0000",
            "0008 000B 00040472 0000  0010  0000",
            "0023 000B 00040472 0000  0010  0018 000B  0003  0010  0001AA 0000", // a unique field
            "0001 000B 00040472 0000  0010  0018 000B  0800 00000000 0000", // RSA with ECDSA
            "0001 000B 00030472 0000  0006 0080 0043  0010  0401 00000000 0000",
        })
        {
            uint code = pair.Compare($"CreatePrimary {template}", _ => CreatePrimary(template), Primary, "a");
            if (code == 0)
            {
                pair.Good("FlushContext", side => Flush(side.Handle("a")));
            }
        }

        foreach (uint hierarchy in new[] { Endorsement, Platform, Null })
        {
            pair.Good($"CreatePrimary {hierarchy:X}", _ => CreatePrimary(EccStorage, "", hierarchy), Primary, "a");
            pair.Good("FlushContext", side => Flush(side.Handle("a")));
        }

        pair.Good("CreatePrimary with auth", _ => CreatePrimary(EccSign, "secret"), Primary, "a");
        pair.Bad("Sign with a wrong auth", side => Sign(side, "a", auth: "wrong"));
        pair.Good("Sign with the auth", side => Sign(side, "a", auth: "secret"), "WWss");
        pair.Good("Sign with the auth and zeros", side => Sign(side, "a", auth: "secret\0\0"), "WWss");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Bad("CreatePrimary with too long an auth", _ => CreatePrimary(EccSign, new string('x', 33)));
        pair.Good("CreatePrimary with data for an ECC key",
            _ => CreatePrimary(EccSign, "", Owner, "0102"), Primary, "a");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Bad("CreatePrimary sealed without data", _ => CreatePrimary(Sealed));
        pair.Good("CreatePrimary sealed", _ => CreatePrimary(Sealed, "", Owner, "0102"), "HssSWDss", "a");
        pair.Good("Unseal", side => new TpmCommand(0x15E).Handle(side.Handle("a")).Password(), "S");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
    }

    private static void ReadPublic(Pair pair)
    {
        pair.Mutated("ReadPublic", side => new TpmCommand(0x173).Handle(side.Handle("srk")), "sss");
        pair.Bad("ReadPublic of a primary handle", _ => new TpmCommand(0x173).Handle(Owner));
        pair.Bad("Sign with a storage key", side => Sign(side, "srk"));
        pair.Bad("Unseal a storage key", side => new TpmCommand(0x15E).Handle(side.Handle("srk")).Password());
    }

    private static void CreateAndLoad(Pair pair)
    {
        pair.Mutated("Create", side => Create(side.Handle("srk"), EccSign), Created, CreateFields("key"));
        pair.Octets("Create", side => Create(side.Handle("srk"), EccSign), Created, 6, int.MaxValue, P224OfSigning);
        pair.Good("Create with auth",
            side => Create(side.Handle("srk"), EccSignDa, "pin"), Created, CreateFields("pinned"));
        pair.Good("Create with PCRs", side => Create(side.Handle("srk"), EccSign, "", "", "00000001 000B 03 010000"),
            Created, CreateFields("pcr"));
        pair.Bad("Create with a PCR selection of one octet",
            side => Create(side.Handle("srk"), EccSign, "", "", "00000001 000B 01 01"));
        pair.Bad("Create with two hash algorithms too many", side => Create(side.Handle("srk"), EccSign, "", "",
            "00000011" + string.Concat(Enumerable.Repeat("000B03010000", 17))));
        pair.Good("Create storage", side => Create(side.Handle("srk"), EccStorage), Created, CreateFields("store"));
        pair.Bad("Create movable under fixed with fixedTPM", side => Create(side.Handle("srk"),
            "0023 000B 00040462 0000  0010  0018 000B  0003  0010  0000 0000"));
        pair.Mutated("Load", side => Load(side, "key"), "Hs", "key", "key.name");
        pair.Bad("Create under a signing key", side => Create(side.Handle("key"), EccSign));
        pair.Bad("Load under a signing key", side => Load(side, "key", "key"));
        pair.Bad("Load with another's public", side => new TpmCommand(0x157).Handle(side.Handle("srk")).Password()
            .Sized(side["key.private"]).Sized(side["pinned.public"]));
        pair.Good("second Load", side => Load(side, "pinned"), "Hs", "pinned", "pinned.name");
        pair.Bad("fourth object", side => Load(side, "key"));
        pair.Good("FlushContext", side => Flush(side.Handle("pinned")));
        foreach (int at in new[] { 0, 1, 2, 33, 34, 35, 36, 52, 60, 100, 125 })
        {
            pair.Bad($"Load with octet {at} of private changed", side => Changed(side, "key", at, -1));
        }

        for (int at = 0; at < 86; at += 3)
        {
            int index = at;
            pair.Compare($"Load with octet {at} of public changed", side => Changed(side, "key", -1, index), "Hs");
        }

        pair.Compare("Load without a private", side => new TpmCommand(0x157).Handle(side.Handle("srk")).Password()
            .Sized([]).Sized(side["key.public"]));
        pair.Compare("Load without a public", side => new TpmCommand(0x157).Handle(side.Handle("srk")).Password()
            .Sized(side["key.private"]).Sized([]));
        pair.Mutated("CreateLoaded", side => CreateLoaded(side.Handle("srk"), EccSign), "Hsss", "a");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Good("CreateLoaded primary", _ => CreateLoaded(Owner, EccSign), "Hsss", "a");
        pair.Good("FlushContext", side => Flush(side.Handle("a")));
        pair.Bad("CreateLoaded under a signing key", side => CreateLoaded(side.Handle("key"), EccSign));
        pair.Octets("CreateLoaded",
            side => CreateLoaded(side.Handle("srk"), EccSign), "Hsss", 6, int.MaxValue, P224OfSigning);
    }

    private static TpmCommand CreateLoaded(uint parent, string publicArea) =>
        new TpmCommand(0x191).Handle(parent).Password().SizedHex("0000 0000").SizedHex(publicArea);

    private static TpmCommand Changed(Side side, string key, int privateAt, int publicAt) =>
        new TpmCommand(0x157).Handle(side.Handle("srk")).Password()
            .Sized(privateAt < 0 ? side[key + ".private"] : side.Changed(key + ".private", privateAt, 0x40))
            .Sized(publicAt < 0 ? side[key + ".public"] : side.Changed(key + ".public", publicAt, 0x40));

    private static TpmCommand Sign(Side side, string key, string scheme = "0018 000B", string ticket = NullTicket,
        string digest = Digest, string auth = "") =>
        new TpmCommand(0x15D).Handle(side.Handle(key)).Password(auth).SizedHex(digest).Hex(scheme).Hex(ticket);

    private static void SignAndVerify(Pair pair)
    {
        pair.Mutated("Sign", side => Sign(side, "key"), "WWss", "", "", "r", "s");
        pair.Octets("Sign", side => Sign(side, "key"), "WWss", 32);
        pair.Good("Sign with the key's scheme", side => Sign(side, "key", "0010"), "WWss");
        pair.Bad("Sign with another hash", side => Sign(side, "key", "0018 000C"));
        pair.Bad("Sign with an RSA scheme", side => Sign(side, "key", "0014 000B"));
        pair.Bad("Sign a short digest", side => Sign(side, "key", digest: "0102"));
        pair.Bad("Sign a long digest", side => Sign(side, "key", digest: new string('0', 130)));
        pair.Compare("Sign with a ticket", side => Sign(side, "key", ticket: "8024 40000001 0000"), "WWss");
        pair.Mutated("VerifySignature", Verify, "WDs");
        pair.Octets("VerifySignature", Verify, "WDs", 0, 40);
        pair.Compare("VerifySignature with another hash", side => new TpmCommand(0x177).Handle(side.Handle("key"))
            .SizedHex(Digest).Hex("0018 0004").Sized(side["r"]).Sized(side["s"]), "WDs");
        pair.Bad("VerifySignature with r and s exchanged", side => new TpmCommand(0x177).Handle(side.Handle("key"))
            .SizedHex(Digest).Hex("0018 000B").Sized(side["s"]).Sized(side["r"]));
        pair.Bad("VerifySignature with a storage key", side => new TpmCommand(0x177).Handle(side.Handle("srk"))
            .SizedHex(Digest).Hex("0018 000B").Sized(side["r"]).Sized(side["s"]));
        pair.Bad("VerifySignature of an RSA signature", side => new TpmCommand(0x177).Handle(side.Handle("key"))
            .SizedHex(Digest).Hex("0014 000B").Sized(new byte[256]));
        pair.Good("FlushContext", side => Flush(side.Handle("key")));
    }

    private static TpmCommand Verify(Side side) => new TpmCommand(0x177).Handle(side.Handle("key")).SizedHex(Digest)
        .Hex("0018 000B").Sized(side["r"]).Sized(side["s"]);

    private static void Seal(Pair pair)
    {
        pair.Good("Create sealed",
            side => Create(side.Handle("srk"), Sealed, "pw", "CAFE01"), Created, CreateFields("sealed"));
        pair.Bad("Create sealed of too much", side => Create(side.Handle("srk"), Sealed, "", new string('0', 258)));
        pair.Good("Create sealed of the most",
            side => Create(side.Handle("srk"), Sealed, "", new string('0', 256)), Created);
        pair.Good("Load sealed", side => Load(side, "sealed"), "Hs", "sealed", "sealed.name");
        pair.Mutated("Unseal", side => new TpmCommand(0x15E).Handle(side.Handle("sealed")).Password("pw"), "S");
        pair.Bad("Sign with sealed data", side => Sign(side, "sealed", auth: "pw"));
        pair.Mutated("ObjectChangeAuth", side => new TpmCommand(0x150).Handle(side.Handle("sealed"))
            .Handle(side.Handle("srk")).Password("pw").SizedHex("6E6577"), "s", "sealed.private");
        pair.Compare("ObjectChangeAuth too long", side => new TpmCommand(0x150).Handle(side.Handle("sealed"))
            .Handle(side.Handle("srk")).Password("pw").Sized(new byte[33]), "s");
        pair.Bad("ObjectChangeAuth with itself as parent", side => new TpmCommand(0x150).Handle(side.Handle("sealed"))
            .Handle(side.Handle("sealed")).Password("pw").SizedHex("6E6577"));
        pair.Good("FlushContext", side => Flush(side.Handle("sealed")));
        pair.Good("Load changed", side => Load(side, "sealed"), "Hs", "sealed");
        pair.Bad("Unseal with the old auth",
            side => new TpmCommand(0x15E).Handle(side.Handle("sealed")).Password("pw"));
        pair.Good("Unseal with the new auth",
            side => new TpmCommand(0x15E).Handle(side.Handle("sealed")).Password("new"), "S");
        pair.Good("FlushContext", side => Flush(side.Handle("sealed")));
        pair.Good("Create an HMAC key", side => Create(side.Handle("srk"), Hmac), Created, CreateFields("hmac"));
        pair.Good("Create an HMAC key from data", side => Create(side.Handle("srk"),
            "0008 000B 00040452 0000  0005 000B  0000", "", "0B0B0B0B"), Created, CreateFields("hmac"));
        pair.Good("Load the HMAC key", side => Load(side, "hmac"), "Hs", "hmac");
        pair.Mutated("HMAC", side => new TpmCommand(0x155).Handle(side.Handle("hmac")).Password()
            .SizedHex("4869").U16(0x000B), "S");
        pair.Good("HMAC with the key's hash", side => new TpmCommand(0x155).Handle(side.Handle("hmac")).Password()
            .SizedHex("4869").U16(0x0010), "S");
        pair.Bad("HMAC with another hash", side => new TpmCommand(0x155).Handle(side.Handle("hmac")).Password()
            .SizedHex("4869").U16(0x0004));
        pair.Good("Sign by HMAC", side => Sign(side, "hmac", "0005 000B"), "WW*");
        pair.Good("FlushContext", side => Flush(side.Handle("hmac")));
    }

    private static void Ecdh(Pair pair)
    {
        pair.Good("Create ECDH", side => Create(side.Handle("srk"), EccDecrypt), Created, CreateFields("ecdh"));
        pair.Good("Load ECDH", side => Load(side, "ecdh"), "Hs", "ecdh");
        pair.Mutated("ECDH_KeyGen", side => new TpmCommand(0x163).Handle(side.Handle("ecdh")), "ss", "z", "point");
        pair.Mutated("ECDH_ZGen", side => new TpmCommand(0x154).Handle(side.Handle("ecdh")).Password()
            .Sized(side["point"]), "s");
        pair.Bad("ECDH_ZGen with a point off the curve",
            side => new TpmCommand(0x154).Handle(side.Handle("ecdh")).Password()
            .SizedHex("0001 01 0001 02"));
        pair.Bad("ECDH_ZGen with a storage key", side => new TpmCommand(0x154).Handle(side.Handle("srk")).Password()
            .Sized(side["point"]));
        pair.Compare("ECDH_KeyGen with a storage key", side => new TpmCommand(0x163).Handle(side.Handle("srk")), "ss");
        pair.Bad("Sign with ECDH", side => Sign(side, "ecdh"));
        pair.Good("FlushContext", side => Flush(side.Handle("ecdh")));
    }

    private static void External(Pair pair)
    {
        // The P-256 base point: a public key that everybody knows.
        const string Point = "0020 6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
            + "0020 4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";
        const string Public = "0023 000B 00040040 0000  0010  0018 000B  0003  0010 " + Point;
        pair.Mutated("LoadExternal public",
            _ => new TpmCommand(0x167).Sized([]).SizedHex(Public).U32(Null), "HS", "ext");
        pair.Good("FlushContext", side => Flush(side.Handle("ext")));
        pair.Octets("LoadExternal public", _ => new TpmCommand(0x167).Sized([]).SizedHex(Public).U32(Owner), "HS", 2,
            int.MaxValue, P224OfExternal);
        pair.Good("LoadExternal public into owner",
            _ => new TpmCommand(0x167).Sized([]).SizedHex(Public).U32(Owner), "HS", "ext");
        pair.Bad("Sign without a private part", side => Sign(side, "ext"));
        pair.Good("FlushContext", side => Flush(side.Handle("ext")));

        // The private key 1 belongs to the base point.
        string secret = "0023 0000 0000 0020" + new string('0', 62) + "01";
        pair.Mutated("LoadExternal pair",
            _ => new TpmCommand(0x167).SizedHex(secret).SizedHex(Public).U32(Null), "HS", "ext");
        pair.Good("Sign with an external key", side => Sign(side, "ext"), "WWss");
        pair.Good("FlushContext", side => Flush(side.Handle("ext")));
        pair.Bad("LoadExternal pair into owner",
            _ => new TpmCommand(0x167).SizedHex(secret).SizedHex(Public).U32(Owner));
        pair.Bad("LoadExternal pair that does not match", _ => new TpmCommand(0x167)
            .SizedHex("0023 0000 0000 0020" + new string('0', 62) + "02").SizedHex(Public).U32(Null));
        pair.Compare("LoadExternal HMAC key", _ => new TpmCommand(0x167).SizedHex("0008 0000 0000 0004 0B0B0B0B")
            .SizedHex("0008 000B 00040040 0000 0005 000B 0000").U32(Null), "HS");
    }
}
