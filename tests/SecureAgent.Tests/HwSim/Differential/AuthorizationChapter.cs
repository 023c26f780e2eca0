using System.Security.Cryptography;
using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>Bound sessions, roles that only a policy satisfies, and policies of NV indices (Part 1, 19).</summary>
internal static class AuthorizationChapter
{
    private const string Digest = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    private const uint Index = 0x01500001;

    private static readonly byte[] Pin = "pin"u8.ToArray();

    public static void Run(Pair pair)
    {
        pair.Good("storage primary", _ => CreatePrimary(EccStorage), "HssSWDss", PrimaryFields("srk"));
        Bound(pair);
        Roles(pair);
        NvPolicies(pair);
        Hierarchies(pair);
    }

    private static TpmCommand Start(byte type, uint bind = Null) => new TpmCommand(0x176).Handle(Null).Handle(bind)
        .Sized(new byte[16]).Sized([]).U8(type).U16(0x0010).U16(0x000B);

    private static TpmCommand Sign(Side side, string key) => new TpmCommand(0x15D).Handle(side.Handle(key))
        .SizedHex(Digest).Hex("0018 000B").Hex("8024 40000007 0000");

    private static void Bound(Pair pair)
    {
        pair.Good("Create", side => Create(side.Handle("srk"), EccSign, "pin"), "ssssWDs", CreateFields("key"));
        pair.Good("Load", side => Load(side, "key"), "Hs", "key", "key.name");
        pair.Good("StartAuthSession bound", side => Start(0, side.Handle("key")), "Hs", "session", "session.nonce");
        pair.Authority.KeepSessionKey("session", Pin);
        pair.Subject.KeepSessionKey("session", Pin);
        pair.Bad("Sign with the authValue twice in the key",
            side => side.WithHmac(Sign(side, "key"), "session", side["key.name"], Pin));
        pair.Good("Sign with the bound entity",
            side => side.WithHmac(Sign(side, "key"), "session", side["key.name"], []),
            "WWss", "", "", "", "", "session.nonce");
        pair.Good("GetRandom audited by a bound session",
            side => side.WithHmac(new TpmCommand(0x17B).U16(4), "session", [], [], 0x81), "s", "", "session.nonce");
        pair.Good("CreatePrimary, another entity than the bound one", side => side.WithHmac(Primary(EccSign), "session",
            [0x40, 0, 0, 1], []), "HssSWDss", "other", "", "", "", "", "", "", "other.name", "session.nonce");
        pair.Bad("Sign with another key without its authValue",
            side => side.WithHmac(Sign(side, "other"), "session", side["other.name"], []));
        pair.Good("Sign with another key and its authValue",
            side => side.WithHmac(Sign(side, "other"), "session", side["other.name"], "other"u8.ToArray()), "WWss",
            "", "", "", "", "session.nonce");
        pair.Good("FlushContext", side => Flush(side.Handle("other")));
        pair.Good("FlushContext", side => Flush(side.Handle("session")));
        pair.Good("FlushContext", side => Flush(side.Handle("key")));

        pair.Good("CreatePrimary protected", _ => CreatePrimary(EccSignDa, "pin"), "HssSWDss", PrimaryFields("key"));
        pair.Good("StartAuthSession bound to a protected key", side => Start(0, side.Handle("key")), "Hs",
            "session", "session.nonce");
        pair.Authority.KeepSessionKey("session", Pin);
        pair.Subject.KeepSessionKey("session", Pin);
        for (int i = 0; i < 5; i++)
        {
            pair.Compare("Sign with a wrong key",
                side => side.WithHmac(Sign(side, "key"), "session", side["key.name"], Pin));
            pair.Compare("CreatePrimary by a session bound to a protected key", side => side.WithHmac(
                Primary(EccSign), "session", [0x40, 0, 0, 1], Pin));
        }

        pair.Good("DictionaryAttackLockReset", _ => new TpmCommand(0x139).Handle(LockoutHandle).Password());
        pair.Good("Sign after a wrong key", side => side.WithHmac(Sign(side, "key"), "session", side["key.name"], []),
            "WWss", "", "", "", "", "session.nonce");
        pair.Good("FlushContext", side => Flush(side.Handle("session")));
        pair.Good("FlushContext", side => Flush(side.Handle("key")));
    }

    private static TpmCommand Primary(string template)
    {
        TpmCommand command = CreatePrimary(template, "other");
        command.Auths.Clear();
        return command;
    }

    private static byte[] CommandCodePolicy(uint code) =>
        SHA256.HashData([.. new byte[32], 0, 0, 0x01, 0x6C, 0, 0, (byte)(code >> 8), (byte)code]);

    private static TpmCommand CommandCode(Side side, uint code) =>
        new TpmCommand(0x16C).Handle(side.Handle("policy")).U32(code);

    private static TpmCommand ByPolicy(Side side, TpmCommand command)
    {
        command.Auths.Insert(0, new AuthEntry(side.Handle("policy"), [], 1, []));
        return command;
    }

    /// <summary>adminWithPolicy: ADMIN commands need the policy, and the policy needs PolicyCommandCode.</summary>
    private static void Roles(Pair pair)
    {
        string admin = $"0023 000B 000404F2 0020 {Convert.ToHexString(CommandCodePolicy(0x150))}"
            + "0010 0018 000B 0003 0010 0000 0000";
        pair.Good("Create", side => Create(side.Handle("srk"), admin, "pin"), "ssssWDs", CreateFields("key"));
        pair.Good("Load", side => Load(side, "key"), "Hs", "key", "key.name");
        pair.Good("Sign, a USER command, with the password", side => Sign(side, "key").Password("pin"), "WWss");
        pair.Bad("ObjectChangeAuth with the password", side => ChangeAuth(side).Password("pin"));
        pair.Bad("Certify with the password", side => Certify(side).Password("pin").Password());
        pair.Good("policy session", _ => Start(1), "Hs", "policy");
        pair.Bad("ObjectChangeAuth with no policy", side => ByPolicy(side, ChangeAuth(side)));
        pair.Good("PolicyCommandCode of another command", side => CommandCode(side, 0x148));
        pair.Bad("Certify with a policy that is not the key's", side => ByPolicy(side, Certify(side)).Password());
        pair.Good("PolicyRestart", side => new TpmCommand(0x180).Handle(side.Handle("policy")));
        pair.Good("PolicyCommandCode", side => CommandCode(side, 0x150));
        pair.Bad("Certify with the policy for ObjectChangeAuth", side => ByPolicy(side, Certify(side)).Password());
        pair.Bad("Sign with the policy for ObjectChangeAuth", side => ByPolicy(side, Sign(side, "key")));
        pair.Good("ObjectChangeAuth", side => ByPolicy(side, ChangeAuth(side)), "s");
        pair.Good("FlushContext", side => Flush(side.Handle("key")));

        // The same policy, but ADMIN commands take the authValue.
        string user = $"0023 000B 00040472 0020 {Convert.ToHexString(CommandCodePolicy(0x15D))}"
            + "0010 0018 000B 0003 0010 0000 0000";
        pair.Good("Create", side => Create(side.Handle("srk"), user, "pin"), "ssssWDs", CreateFields("key"));
        pair.Good("Load", side => Load(side, "key"), "Hs", "key", "key.name");
        pair.Good("ObjectChangeAuth with the password", side => ChangeAuth(side).Password("pin"), "s");
        pair.Good("PolicyCommandCode", side => CommandCode(side, 0x15D));
        pair.Good("Sign with the policy", side => ByPolicy(side, Sign(side, "key")), "WWss");
        pair.Good("Sign with the password", side => Sign(side, "key").Password("pin"), "WWss");
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
        pair.Good("FlushContext", side => Flush(side.Handle("key")));
    }

    private static TpmCommand ChangeAuth(Side side) => new TpmCommand(0x150).Handle(side.Handle("key"))
        .Handle(side.Handle("srk")).SizedHex("6E6577");

    private static TpmCommand Certify(Side side) => new TpmCommand(0x148).Handle(side.Handle("key")).Handle(Null)
        .Sized([]).U16(0x0010);

    private static TpmCommand Define(byte[] policy, uint attributes) => new TpmCommand(0x12A).Handle(Owner).Password()
        .Sized(Pin).Sized(new TpmCommand(0).U32(Index).U16(0x000B).U32(attributes).Sized(policy).U16(4).Parameters);

    private static TpmCommand Write() => new TpmCommand(0x137).Handle(Index).Handle(Index).SizedHex("CAFEBABE").U16(0);

    private static TpmCommand Read() => new TpmCommand(0x14E).Handle(Index).Handle(Index).U16(4).U16(0);

    private static TpmCommand NvChangeAuth() => new TpmCommand(0x13B).Handle(Index).SizedHex("6E6577");

    private static void NvPolicies(Pair pair)
    {
        // NO_DA, POLICYREAD, POLICYWRITE, AUTHREAD.
        pair.Good("NV_DefineSpace", _ => Define(CommandCodePolicy(0x137), 0x020C_0008));
        pair.Good("policy session", _ => Start(1), "Hs", "policy");
        pair.Bad("NV_Write with the password", _ => Write().Password("pin"));
        pair.Bad("NV_Write with no policy", side => ByPolicy(side, Write()));
        pair.Good("PolicyCommandCode", side => CommandCode(side, 0x137));
        pair.Bad("NV_Read with the policy for NV_Write", side => ByPolicy(side, Read()));
        pair.Good("NV_Write with the policy", side => ByPolicy(side, Write()));
        pair.Good("NV_Read with the password", _ => Read().Password("pin"), "S");
        pair.Good("NV_UndefineSpace", _ => new TpmCommand(0x122).Handle(Owner).Handle(Index).Password());

        // NO_DA, AUTHREAD, AUTHWRITE: a policy, but no POLICYREAD and no POLICYWRITE.
        pair.Good("NV_DefineSpace", _ => Define(CommandCodePolicy(0x13B), 0x0204_0004));
        pair.Good("PolicyCommandCode", side => CommandCode(side, 0x13B));
        pair.Bad("NV_Write with the policy", side => ByPolicy(side, Write()));
        pair.Bad("NV_ChangeAuth with the password", _ => NvChangeAuth().Password("pin"));
        pair.Good("NV_ChangeAuth with the policy", side => ByPolicy(side, NvChangeAuth()));
        pair.Bad("NV_Write with the old password", _ => Write().Password("pin"));
        pair.Good("NV_Write with the new password", _ => Write().Password("new"));
        pair.Good("PolicyCommandCode", side => CommandCode(side, 0x13B));
        pair.Bad("NV_ChangeAuth too long", side => ByPolicy(side, new TpmCommand(0x13B).Handle(Index).Sized(
            [.. Enumerable.Repeat((byte)1, 33)])));
        pair.Good("NV_UndefineSpace", _ => new TpmCommand(0x122).Handle(Owner).Handle(Index).Password());

        // Without NO_DA the password counts towards lockout.
        pair.Good("NV_DefineSpace protected", _ => Define([], 0x0004_0004));
        for (int i = 0; i < 5; i++)
        {
            pair.Compare("NV_Write with a wrong password", _ => Write().Password("wrong"));
        }

        pair.Bad("NV_Write in lockout", _ => Write().Password("pin"));
        pair.Good("DictionaryAttackLockReset", _ => new TpmCommand(0x139).Handle(LockoutHandle).Password());
        pair.Good("NV_Write", _ => Write().Password("pin"));
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
    }

    /// <summary>A hierarchy's own policy, by TPM2_SetPrimaryPolicy.</summary>
    private static void Hierarchies(Pair pair)
    {
        pair.Good("policy session", _ => Start(1), "Hs", "policy");
        pair.Compare("CreatePrimary with a policy that the hierarchy has not",
            side => ByPolicy(side, Primary(EccSign)), "HssSWDss");
        pair.Good("SetPrimaryPolicy", _ => new TpmCommand(0x12E).Handle(Owner).Password()
            .Sized(CommandCodePolicy(0x131)).U16(0x000B));
        pair.Bad("SetPrimaryPolicy of the wrong size", _ => new TpmCommand(0x12E).Handle(Owner).Password()
            .Sized(CommandCodePolicy(0x131)).U16(0x000C));
        pair.Bad("CreatePrimary before the policy", side => ByPolicy(side, Primary(EccSign)));
        pair.Good("PolicyCommandCode", side => CommandCode(side, 0x131));
        pair.Good("CreatePrimary by policy", side => ByPolicy(side, Primary(EccSign)), "HssSWDss", "other");
        pair.Good("FlushContext", side => Flush(side.Handle("other")));
        pair.Good("FlushContext", side => Flush(side.Handle("policy")));
    }
}
