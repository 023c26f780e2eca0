using static SecureAgent.Tests.HwSim.Differential.Templates;

namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>RSA: signatures, encryption, and a storage key that receives secrets by OAEP.</summary>
internal static class RsaChapter
{
    private const uint TPM_RC_VALUE = 0x084;
    private const uint TPM_RC_VALUE_P2 = 0x2C4;
    private const string Digest = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    private const string Storage = "0001 000B 00030472 0000  0006 0080 0043  0010  0800  00000000  0000";

    public static void Run(Pair pair)
    {
        pair.Good("storage primary", _ => CreatePrimary(Storage), "HssSWDss", PrimaryFields("srk"));
        pair.Good("CreatePrimary", _ => CreatePrimary(RsaBoth), "HssSWDss", PrimaryFields("key"));
        Refusals(pair);
        Signatures(pair);
        Encryption(pair);
        Secrets(pair);
    }

    private static void Refusals(Pair pair)
    {
        foreach (string template in new[]
        {
            "0001 000B 00060472 0000  0010  0010  0801  00000000  0000", // key bits
            "0001 000B 00060472 0000  0010  0010  0800  00000002  0000", // exponent
            "0001 000B 00060472 0000  0010  0010  0800  00010000  0000",
            "0001 000B 00060472 0000  0010  0014 000B  0800  00000000  0000", // a scheme though it signs and decrypts
            "0001 000B 00040472 0000  0010  0015  0800  00000000  0000", // signing with RSAES
            "0001 000B 00020472 0000  0010  0014 000B  0800  00000000  0000", // decrypting with RSASSA
            "0001 000B 00050472 0000  0010  0010  0800  00000000  0000", // restricted signing without a scheme
            "0001 000B 00030472 0000  0010  0010  0800  00000000  0000", // storage without symmetric
            "0001 000B 00030472 0000  0006 0080 0043  0014 000B  0800  00000000  0000", // storage with a scheme
            "0001 000B 00060472 0000  0006 0080 0043  0010  0800  00000000  0000", // not storage, but symmetric
        })
        {
            pair.Bad($"CreatePrimary {template}", _ => CreatePrimary(template));
        }
    }

    private static TpmCommand Sign(Side side, string scheme, string digest = Digest) => new TpmCommand(0x15D)
        .Handle(side.Handle("key")).Password().SizedHex(digest).Hex(scheme).Hex("8024 40000007 0000");

    private static TpmCommand Verify(Side side, string scheme, byte[] signature, string digest = Digest) =>
        new TpmCommand(0x177).Handle(side.Handle("key")).SizedHex(digest).Hex(scheme).Sized(signature);

    private static void Signatures(Pair pair)
    {
        foreach ((string scheme, string digest) in new[]
        {
            ("0014 0004", Digest[..40]), ("0014 000B", Digest), ("0014 000C", Digest + Digest[..32]),
            ("0014 000D", Digest + Digest), ("0016 0004", Digest[..40]), ("0016 000B", Digest),
        })
        {
            pair.Good($"Sign {scheme}", side => Sign(side, scheme, digest), "WWs", "", "", "signature");
            pair.Good($"VerifySignature {scheme}", side => Verify(side, scheme, side["signature"], digest), "WDs");
            pair.Bad($"VerifySignature {scheme} of another digest",
                side => Verify(side, scheme, side["signature"], "FF" + digest[2..]));
            pair.Bad($"VerifySignature {scheme} of a changed signature",
                side => Verify(side, scheme, side.Changed("signature", 100), digest));
            pair.Bad($"VerifySignature {scheme} of a short signature",
                side => Verify(side, scheme, side["signature"][..255], digest));
        }

        pair.Mutated("Sign", side => Sign(side, "0014 000B"), "WWs", "", "", "signature");
        pair.Octets("Sign", side => Sign(side, "0014 000B"), "WWs", 32, 38);
        pair.Bad("Sign without a scheme", side => Sign(side, "0010"));
        pair.Bad("Sign with ECDSA", side => Sign(side, "0018 000B"));
        pair.Bad("Sign with HMAC", side => Sign(side, "0005 000B"));
        pair.Bad("Sign with RSAES", side => Sign(side, "0015"));
        pair.Bad("Sign a digest of another size", side => Sign(side, "0014 000C"));
        pair.Bad("Sign with the storage key", side => new TpmCommand(0x15D).Handle(side.Handle("srk")).Password()
            .SizedHex(Digest).Hex("0014 000B").Hex("8024 40000007 0000"));
        pair.Mutated("VerifySignature", side => Verify(side, "0014 000B", side["signature"]), "WDs");
        pair.Bad("VerifySignature with RSAPSS of RSASSA", side => Verify(side, "0016 000B", side["signature"]));
        pair.Bad("VerifySignature with ECDSA", side => new TpmCommand(0x177).Handle(side.Handle("key"))
            .SizedHex(Digest).Hex("0018 000B 0001 01 0001 01"));
    }

    private static TpmCommand Encrypt(Side side, byte[] message, string scheme, string label = "",
        string key = "key") =>
        new TpmCommand(0x174).Handle(side.Handle(key)).Sized(message).Hex(scheme).SizedHex(label);

    private static TpmCommand Decrypt(Side side, byte[] cipher, string scheme, string label = "", string key = "key") =>
        new TpmCommand(0x159).Handle(side.Handle(key)).Password().Sized(cipher).Hex(scheme).SizedHex(label);

    private static void Encryption(Pair pair)
    {
        byte[] message = "a message"u8.ToArray();
        foreach (string scheme in new[] { "0015", "0017 0004", "0017 000B", "0017 000C" })
        {
            pair.Good($"RSA_Encrypt {scheme}", side => Encrypt(side, message, scheme), "s", "cipher");
            pair.Good($"RSA_Decrypt {scheme}", side => Decrypt(side, side["cipher"], scheme), "S");
            pair.Bad($"RSA_Decrypt {scheme} of a short text", side => Decrypt(side, side["cipher"][..255], scheme));
            pair.FailsInOpenSsl($"RSA_Encrypt {scheme} of too much",
                TPM_RC_VALUE, side => Encrypt(side, new byte[254], scheme));
        }

        pair.Good("RSA_Encrypt OAEP with a label",
            side => Encrypt(side, message, "0017 000B", "616200"), "s", "cipher");
        pair.Good("RSA_Decrypt OAEP with the label", side => Decrypt(side, side["cipher"], "0017 000B", "616200"), "S");
        pair.FailsInOpenSsl("RSA_Decrypt OAEP with another label", TPM_RC_VALUE,
            side => Decrypt(side, side["cipher"], "0017 000B", "616300"));
        pair.Bad("RSA_Encrypt with a label without a zero at its end",
            side => Encrypt(side, message, "0017 000B", "6162"));
        pair.Bad("RSA_Decrypt with a label without a zero at its end",
            side => Decrypt(side, side["cipher"], "0017 000B", "6162"));
        pair.Good("RSA_Encrypt without padding",
            side => Encrypt(side, [.. new byte[255], 2], "0010"), "s", "cipher");
        pair.Good("RSA_Decrypt without padding", side => Decrypt(side, side["cipher"], "0010"), "S");
        pair.FailsInOpenSsl("RSA_Encrypt of a number above the modulus", TPM_RC_VALUE,
            side => Encrypt(side, [.. Enumerable.Repeat((byte)0xFF, 256)], "0010"));
        pair.FailsInOpenSsl("RSA_Decrypt of a number above the modulus", TPM_RC_VALUE,
            side => Decrypt(side, [.. Enumerable.Repeat((byte)0xFF, 256)], "0010"));
        pair.Compare("RSA_Encrypt nothing", side => Encrypt(side, [], "0015"), "s");
        pair.Mutated("RSA_Encrypt", side => Encrypt(side, message, "0015"), "s", "cipher");
        pair.Octets("RSA_Encrypt", side => Encrypt(side, message, "0015"), "s", 0, 14);
        pair.Mutated("RSA_Decrypt", side => Decrypt(side, side["cipher"], "0015"), "S");
        pair.Bad("RSA_Encrypt with RSASSA", side => Encrypt(side, message, "0014 000B"));
        pair.Bad("RSA_Decrypt with a storage key", side => Decrypt(side, side["cipher"], "0015", "", "srk"));
        pair.Compare("RSA_Encrypt to a storage key", side => Encrypt(side, message, "0015", "", "srk"), "s");
    }

    private static void Secrets(Pair pair)
    {
        pair.Good("Create", side => Create(side.Handle("srk"), EccSign), "ssssWDs", CreateFields("ak"));
        pair.Good("Load", side => Load(side, "ak"), "Hs", "ak", "ak.name");
        pair.Good("MakeCredential",
            side => new TpmCommand(0x168).Handle(side.Handle("srk")).SizedHex("0011223344556677")
            .Sized(side["ak.name"]), "ss", "blob", "secret");
        pair.Good("ActivateCredential", side => Activate(side, side["secret"]), "S");
        pair.FailsInOpenSsl("ActivateCredential with a changed secret", TPM_RC_VALUE_P2,
            side => Activate(side, side.Changed("secret", 128)));
        pair.Bad("ActivateCredential with a short secret", side => Activate(side, side["secret"][..100]));
        pair.Bad("StartAuthSession with a secret for another use",
            side => new TpmCommand(0x176).Handle(side.Handle("srk"))
            .Handle(Null).Sized(new byte[16]).Sized(side["secret"]).U8(0).U16(0x0010).U16(0x000B));
        pair.Good("FlushContext", side => Flush(side.Handle("ak")));
    }

    private static TpmCommand Activate(Side side, byte[] secret) => new TpmCommand(0x147).Handle(side.Handle("ak"))
        .Handle(side.Handle("srk")).Password().Password().Sized(side["blob"]).Sized(secret);
}
