using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Part 3, chapters 11 and 23: HMAC and policy sessions, and what they authorize.</summary>
internal static class SessionChapter
{
    private const string Digest = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

    public static void Run(Pair pair)
    {
        pair.Good("storage primary", _ => CreatePrimary(EccStorage), "HssSWDss", PrimaryFields("srk"));
        pair.Good("Create", side => Create(side.Handle("srk"), EccSign, "pin"), "ssssWDs", CreateFields("key"));
        pair.Good("Load", side => Load(side, "key"), "Hs", "key", "key.name");
        Starting(pair);
        HmacSessions(pair);
        Policies(pair);
        PolicyOr(pair);
        Enforcement(pair);
        AuthPolicies(pair);
    }

    private static TpmCommand Start(byte type, string symmetric = "0010", ushort hash = 0x000B, uint key = Null,
        uint bind = Null, int nonce = 16, string salt = "") => new TpmCommand(0x176).Handle(key).Handle(bind)
            .Sized(new byte[nonce]).SizedHex(salt).U8(type).Hex(symmetric).U16(hash);

    private static void Starting(Pair pair)
    {
        pair.Mutated("StartAuthSession", _ => Start(0), "Hs", "session");
        pair.Good("FlushContext", side => Flush(side.Handle("session")));
        pair.Octets("StartAuthSession", _ => Start(0, "0006 0080 0043"), "Hs", 17);
        pair.Octets("StartAuthSession of a policy", _ => Start(1), "Hs", 17);
        foreach (string symmetric in new[] { "0006 0100 0043", "0006 00C0 0043", "000A 000B", "0006 0080 0044",
            "000A 0010" })
        {
            if (pair.Compare($"StartAuthSession {symmetric}", _ => Start(0, symmetric), "Hs", "session") == 0)
            {
                pair.Good("FlushContext", side => Flush(side.Handle("session")));
            }
        }

        foreach (ushort hash in new ushort[] { 0x0004, 0x000C, 0x000D })
        {
            pair.Good($"StartAuthSession {hash:X4}", _ => Start(0, hash: hash, nonce: 20), "Hs", "session");
            pair.Good("FlushContext", side => Flush(side.Handle("session")));
        }

        pair.Bad("StartAuthSession with a short nonce", _ => Start(0, nonce: 15));
        pair.Good("StartAuthSession with a long nonce", _ => Start(0, nonce: 32), "Hs", "session");
        pair.Good("FlushContext", side => Flush(side.Handle("session")));
        pair.Bad("StartAuthSession with too long a nonce", _ => Start(0, nonce: 33));
        pair.Bad("StartAuthSession with a salt but no key", _ => Start(0, salt: "0102"));
        pair.Bad("StartAuthSession with a key but no salt", side => Start(0, key: side.Handle("srk")));
        pair.Bad("StartAuthSession salted to a signing key", side => Start(0, key: side.Handle("key"), salt: "0102"));
        pair.Bad("StartAuthSession with a bad salt", side => Start(0, key: side.Handle("srk"), salt: "0102"));
        pair.Good("StartAuthSession bound", side => Start(0, bind: side.Handle("key")), "Hs", "session");
        pair.Good("FlushContext", side => Flush(side.Handle("session")));
        pair.Bad("StartAuthSession bound to nothing", _ => Start(0, bind: 0x80ABCDEF));
        for (int i = 0; i < 3; i++)
        {
            string name = $"session{i}";
            pair.Good("StartAuthSession", _ => Start(0), "Hs", name);
        }

        pair.Bad("StartAuthSession without a slot", _ => Start(0));
        for (int i = 0; i < 3; i++)
        {
            string name = $"session{i}";
            pair.Good("FlushContext", side => Flush(side.Handle(name)));
        }
    }

    private static TpmCommand Sign(Side side) => new TpmCommand(0x15D).Handle(side.Handle("key")).SizedHex(Digest)
        .Hex("0018 000B").Hex("8024 40000007 0000");

    private static void HmacSessions(Pair pair)
    {
        byte[] pin = "pin"u8.ToArray();
        pair.Good("StartAuthSession", _ => Start(0), "Hs", "session", "session.nonce");
        pair.Bad("Sign with a wrong HMAC",
            side => side.WithHmac(Sign(side), "session", side["key.name"], "pim"u8.ToArray()));
        pair.Bad("Sign with another name", side => side.WithHmac(Sign(side), "session", side["srk.name"], pin));
        pair.Bad("Sign with the password in place of the HMAC",
            side => Sign(side).Session(side.Handle("session"), new byte[16], 1, pin));
        pair.Bad("Sign with no HMAC", side => Sign(side).Session(side.Handle("session"), new byte[16], 1, []));
        foreach (byte attributes in new byte[] { 0x03, 0x05, 0x09, 0x21, 0x41, 0x61, 0x81 })
        {
            pair.Compare($"Sign with attributes {attributes:X2}",
                side => side.WithHmac(Sign(side), "session", side["key.name"], pin, attributes), "WWss",
                "", "", "", "", "session.nonce");
        }

        pair.Good("Sign", side => side.WithHmac(Sign(side), "session", side["key.name"], pin), "WWss",
            "", "", "", "", "session.nonce");
        pair.Good("Sign again", side => side.WithHmac(Sign(side), "session", side["key.name"], pin), "WWss",
            "", "", "", "", "session.nonce");
        pair.Bad("Sign with the same session twice", side =>
        {
            TpmCommand command = side.WithHmac(Sign(side), "session", side["key.name"], pin);
            command.Auths.Add(command.Auths[0]);
            return command;
        });
        pair.Good("GetRandom audited",
            side => side.WithHmac(new TpmCommand(0x17B).U16(4), "session", [], [], 0x81), "s",
            "", "session.nonce");
        pair.Bad("GetRandom with a session for nothing",
            side => side.WithHmac(new TpmCommand(0x17B).U16(4), "session", [], [], 0x01), "s");
        pair.Good("last use", side => side.WithHmac(Sign(side), "session", side["key.name"], pin, 0), "WWss");
        pair.Bad("use after the last", side => side.WithHmac(Sign(side), "session", side["key.name"], pin), "WWss");
        pair.Good("StartAuthSession with AES", _ => Start(0, "0006 0080 0043"), "Hs", "session", "session.nonce");
        pair.Good("GetRandom encrypted",
            side => side.WithHmac(new TpmCommand(0x17B).U16(4), "session", [], [], 0x41), "s",
            "", "session.nonce");
        pair.Bad("GetRandom decrypted",
            side => side.WithHmac(new TpmCommand(0x17B).U16(4), "session", [], [], 0x21), "s");
        pair.Good("StirRandom decrypted",
            side => side.WithHmac(new TpmCommand(0x146).Sized([1, 2, 3]), "session", [], [], 0x21), "",
                "session.nonce");
        pair.Bad("StirRandom encrypted",
            side => side.WithHmac(new TpmCommand(0x146).Sized([1, 2, 3]), "session", [], [], 0x41), "");
        pair.Good("FlushContext", side => Flush(side.Handle("session")));
    }

    private static TpmCommand Policy(uint code, Side side, string session = "policy") =>
        new TpmCommand(code).Handle(side.Handle(session));

    private static void Digests(Pair pair, string what) =>
        pair.Good($"PolicyGetDigest after {what}", side => Policy(0x189, side), "S", "digest");

    private static void Policies(Pair pair)
    {
        pair.Good("trial session", _ => Start(3), "Hs", "policy", "policy.nonce");
        pair.Mutated("PolicyGetDigest", side => Policy(0x189, side), "S");
        pair.Mutated("PolicyAuthValue", side => Policy(0x16B, side));
        Digests(pair, "PolicyAuthValue");
        pair.Mutated("PolicyPassword", side => Policy(0x18C, side));
        Digests(pair, "PolicyPassword");
        pair.Mutated("PolicyCommandCode", side => Policy(0x16C, side).U32(0x15D));
        pair.Bad("PolicyCommandCode of another", side => Policy(0x16C, side).U32(0x15E));
        pair.Bad("PolicyCommandCode of no command", side => Policy(0x16C, side).U32(0x1FF));
        Digests(pair, "PolicyCommandCode");
        pair.Mutated("PolicyRestart", side => Policy(0x180, side));
        Digests(pair, "PolicyRestart");
        pair.Mutated("PolicyPCR", side => Policy(0x17F, side).Sized([]).Hex("00000001 000B 03 810000"));
        Digests(pair, "PolicyPCR");
        pair.Octets("PolicyPCR", side => Policy(0x17F, side).Sized([]).Hex("00000001 000B 03 810000"), "");
        Digests(pair, "changed PolicyPCR");
        pair.Good("PolicyPCR of a trial with any digest",
            side => Policy(0x17F, side).Sized(new byte[32]).Hex("00000001 000B 03 000001"));
        pair.Compare("PolicyPCR of two banks",
            side => Policy(0x17F, side).Sized([]).Hex("00000002 0004 03 010000 000B 03 010000"));
        pair.Compare("PolicyPCR of a bank that is not there",
            side => Policy(0x17F, side).Sized([]).Hex("00000001 0012 03 010000"));
        Digests(pair, "PolicyPCR of banks");
        pair.Mutated("PolicySecret", side => Secret(side, Owner), "sWDs");
        Digests(pair, "PolicySecret");
        pair.Good("PolicySecret with policyRef", side => Secret(side, Owner, policyRef: "0102"), "sWDs");
        Digests(pair, "PolicySecret with policyRef");
        pair.Good("PolicySecret of a key", side =>
        {
            TpmCommand command = Secret(side, side.Handle("key"));
            command.Auths[0] = command.Auths[0] with { Auth = "pin"u8.ToArray() };
            return command;
        }, "sWDs");
        pair.Good("PolicySecret with an expiration", side => Secret(side, Owner, expiration: -100), "sWDs");
        pair.Good("PolicySecret of a trial with any nonce", side => Secret(side, Owner, nonce: "0102"), "sWDs");
        pair.Good("PolicySecret of a trial with any cpHash", side => Secret(side, Owner, cpHash: "0102"), "sWDs");
        pair.Good("PolicySecret with a cpHash", side => Secret(side, Owner, cpHash: Digest), "sWDs");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("policy session with SHA-384", _ => Start(1, hash: 0x000C), "Hs", "policy", "policy.nonce");
        pair.Good("PolicyAuthValue", side => Policy(0x16B, side));
        Digests(pair, "PolicyAuthValue with SHA-384");
        pair.Good("PolicyPCR with the right digest", side => Policy(0x17F, side)
            .Sized(System.Security.Cryptography.SHA384.HashData(new byte[32])).Hex("00000001 000B 03 010000"));
        pair.Bad("PolicyPCR with a wrong digest",
            side => Policy(0x17F, side).Sized(new byte[48]).Hex("00000001 000B 03 010000"));
        pair.Good("PolicySecret with a nonce", side => Secret(side, Owner,
            nonce: Convert.ToHexString(side["policy.nonce"])), "sWDs");
        pair.Good("PolicySecret with an expiration", side => Secret(side, Owner, expiration: 100), "sWDs");
        pair.Good("PolicySecret with a ticket", side => Secret(side, Owner, expiration: -100,
            nonce: Convert.ToHexString(side["policy.nonce"])), "sWDs");
        pair.Bad("PolicySecret with a wrong nonce", side => Secret(side, Owner, nonce: "0102"));
        pair.Bad("PolicySecret with a wrong cpHash", side => Secret(side, Owner, cpHash: "0102"));
        pair.Bad("PolicyAuthValue in an HMAC session's place", _ => new TpmCommand(0x16B).Handle(0x02000000));
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
    }

    private static TpmCommand Secret(Side side, uint entity, string nonce = "", string cpHash = "",
        string policyRef = "", int expiration = 0) => new TpmCommand(0x151).Handle(entity).Handle(side.Handle("policy"))
            .Password().SizedHex(nonce).SizedHex(cpHash).SizedHex(policyRef).U32((uint)expiration);

    private static void PolicyOr(Pair pair)
    {
        string zero = "0020" + new string('0', 64);
        string one = "0020" + new string('1', 64);
        pair.Good("policy session", _ => Start(1), "Hs", "policy", "policy.nonce");
        pair.Mutated("PolicyOR", side => Policy(0x171, side).Hex("00000002" + zero + one));
        Digests(pair, "PolicyOR");
        pair.Bad("PolicyOR without the digest", side => Policy(0x171, side).Hex("00000002" + one + one));
        pair.Bad("PolicyOR of one", side => Policy(0x171, side).Hex("00000001" + zero));
        pair.Bad("PolicyOR of nine",
            side => Policy(0x171, side).Hex("00000009" + string.Concat(Enumerable.Repeat(zero, 9))));
        pair.Good("PolicyRestart", side => Policy(0x180, side));
        pair.Good("PolicyOR of eight",
            side => Policy(0x171, side).Hex("00000008" + string.Concat(Enumerable.Repeat(zero, 8))));
        Digests(pair, "PolicyOR of eight");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("trial session", _ => Start(3), "Hs", "policy", "policy.nonce");
        pair.Good("PolicyOR of a trial", side => Policy(0x171, side).Hex("00000002" + one + one));
        Digests(pair, "PolicyOR of a trial");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
    }

    /// <summary>Sealed data under PolicyPassword and PolicyPCR, and a key that refuses its authValue.</summary>
    private static void Enforcement(Pair pair)
    {
        pair.Good("trial session", _ => Start(3), "Hs", "policy");
        pair.Good("PolicyPassword", side => Policy(0x18C, side));
        pair.Good("PolicyPCR", side => Policy(0x17F, side).Sized([]).Hex("00000001 000B 03 010080"));
        Digests(pair, "both");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("Create sealed", side => Create(side.Handle("srk"),
            $"0008 000B 00000412 0020 {Convert.ToHexString(side["digest"])} 0010 0000", "pw", "CAFE"),
            "ssssWDs", CreateFields("sealed"));
        pair.Good("Load sealed", side => Load(side, "sealed"), "Hs", "sealed", "sealed.name");
        pair.Bad("Unseal with the password alone",
            side => new TpmCommand(0x15E).Handle(side.Handle("sealed")).Password("pw"));
        pair.Good("policy session", _ => Start(1), "Hs", "policy");
        pair.Bad("Unseal with an empty policy", side => Unseal(side, "pw"));
        pair.Good("PolicyPassword", side => Policy(0x18C, side));
        pair.Bad("Unseal with half a policy", side => Unseal(side, "pw"));
        pair.Good("PolicyPCR", side => Policy(0x17F, side).Sized([]).Hex("00000001 000B 03 010080"));
        pair.Bad("Unseal with the policy and a wrong password", side => Unseal(side, "px"));
        pair.Bad("another command with the policy", side => new TpmCommand(0x150).Handle(side.Handle("sealed"))
            .Handle(side.Handle("srk")).Session(side.Handle("policy"), [], 1, "pw"u8.ToArray()).Sized([]));
        pair.Good("Unseal", side => Unseal(side, "pw"), "S");
        pair.Bad("Unseal again with the policy used up", side => Unseal(side, "pw"));
        pair.Good("PolicyPassword", side => Policy(0x18C, side));
        pair.Good("PolicyPCR", side => Policy(0x17F, side).Sized([]).Hex("00000001 000B 03 010080"));
        pair.Good("PCR_Extend of a debug PCR", _ => Extend(16));
        pair.Good("Unseal after it", side => Unseal(side, "pw"), "S");
        PasswordAndPcrs(pair);
        pair.Good("PCR_Extend of a PCR that is not selected", _ => Extend(10));
        pair.Bad("Unseal after it", side => Unseal(side, "pw"));
        PasswordAndPcrs(pair);
        pair.Good("PCR_Extend of the selected application PCR", _ => Extend(23));
        pair.Good("Unseal after it, as the policy was met before", side => Unseal(side, "pw"), "S");
        pair.Good("PolicyRestart", side => Policy(0x180, side));
        pair.Good("PolicyPassword", side => Policy(0x18C, side));
        pair.Good("PolicyPCR with new values", side => Policy(0x17F, side).Sized([]).Hex("00000001 000B 03 010080"));
        pair.Bad("Unseal with new values", side => Unseal(side, "pw"));
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("trial session", _ => Start(3), "Hs", "policy");
        pair.Bad("Unseal with a trial session", side => Unseal(side, "pw"));
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("FlushContext", side => Flush(side.Handle("sealed")));
    }

    private static void PasswordAndPcrs(Pair pair)
    {
        pair.Good("PolicyRestart", side => Policy(0x180, side));
        pair.Good("PolicyPassword", side => Policy(0x18C, side));
        pair.Good("PolicyPCR", side => Policy(0x17F, side).Sized([]).Hex("00000001 000B 03 010080"));
    }

    private static TpmCommand Extend(uint pcr) =>
        new TpmCommand(0x182).Handle(pcr).Password().Hex("00000001 000B").Raw(new byte[32]);

    private static TpmCommand Unseal(Side side, string password) => new TpmCommand(0x15E).Handle(side.Handle("sealed"))
        .Session(side.Handle("policy"), [], 1, System.Text.Encoding.ASCII.GetBytes(password));

    /// <summary>PolicyAuthValue: the authValue proves itself by HMAC in the policy session.</summary>
    private static void AuthPolicies(Pair pair)
    {
        pair.Good("trial session", _ => Start(3), "Hs", "policy");
        pair.Good("PolicyAuthValue", side => Policy(0x16B, side));
        Digests(pair, "PolicyAuthValue");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("FlushContext", side => Flush(side.Handle("key")));
        pair.Good("Create", side => Create(side.Handle("srk"),
            $"0023 000B 00040432 0020 {Convert.ToHexString(side["digest"])} 0010 0018 000B 0003 0010 0000 0000", "pin"),
            "ssssWDs", CreateFields("key"));
        pair.Good("Load", side => Load(side, "key"), "Hs", "key", "key.name");
        pair.Bad("Sign with the password", side => Sign(side).Password("pin"));
        pair.Good("policy session", _ => Start(1), "Hs", "policy", "policy.nonce");
        pair.Good("PolicyAuthValue", side => Policy(0x16B, side));
        pair.Bad("Sign with a wrong HMAC",
            side => side.WithHmac(Sign(side), "policy", side["key.name"], "pim"u8.ToArray()));
        pair.Good("Sign", side => side.WithHmac(Sign(side), "policy", side["key.name"], "pin"u8.ToArray()), "WWss",
            "", "", "", "", "policy.nonce");
        pair.Good("PolicyAuthValue", side => Policy(0x16B, side));
        pair.Good("PolicyPassword too, which changes the digest no less", side => Policy(0x18C, side));
        pair.Compare("Sign with the password in the policy", side => Sign(side).Session(side.Handle("policy"), [], 1,
            "pin"u8.ToArray()), "WWss");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("FlushContext", side => Flush(side.Handle("key")));
    }
}
