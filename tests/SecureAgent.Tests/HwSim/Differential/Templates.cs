namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>TPMT_PUBLIC structures as TPM 2.0 Part 2 writes them, in hex, and the handles and command codes used with
/// them.</summary>
internal static class Templates
{
    public const uint Owner = 0x40000001;
    public const uint Null = 0x40000007;
    public const uint LockoutHandle = 0x4000000A;
    public const uint Endorsement = 0x4000000B;
    public const uint Platform = 0x4000000C;

    /// <summary>The TCG's storage primary: ECC P-256, AES-128-CFB, restricted, noDA.</summary>
    public const string EccStorage = "0023 000B 00030472 0000  0006 0080 0043  0010  0003  0010  0000 0000";

    /// <summary>A storage key that may be duplicated (neither fixedTPM nor fixedParent).</summary>
    public const string EccStorageMovable = "0023 000B 00030460 0000  0006 0080 0043  0010  0003  0010  0000 0000";

    /// <summary>ECDSA P-256 with SHA-256, noDA.</summary>
    public const string EccSign = "0023 000B 00040472 0000  0010  0018 000B  0003  0010  0000 0000";

    /// <summary>The same, subject to dictionary attack protection.</summary>
    public const string EccSignDa = "0023 000B 00040072 0000  0010  0018 000B  0003  0010  0000 0000";

    /// <summary>ECDSA P-384 without a scheme of its own.</summary>
    public const string EccSign384 = "0023 000C 00040472 0000  0010  0010  0004  0010  0000 0000";

    /// <summary>A restricted attestation key, ECDSA P-256 with SHA-256.</summary>
    public const string EccAttest = "0023 000B 00050472 0000  0010  0018 000B  0003  0010  0000 0000";

    /// <summary>ECDH P-256 without a scheme.</summary>
    public const string EccDecrypt = "0023 000B 00020472 0000  0010  0010  0003  0010  0000 0000";

    /// <summary>RSA 2048 that signs and decrypts with the schemes that the command names.</summary>
    public const string RsaBoth = "0001 000B 00060472 0000  0010  0010  0800  00000000  0000";

    /// <summary>An HMAC key with SHA-256.</summary>
    public const string Hmac = "0008 000B 00040472 0000  0005 000B  0000";

    /// <summary>Sealed data.</summary>
    public const string Sealed = "0008 000B 00000452 0000  0010  0000";

    public static TpmCommand Startup(ushort type) => new TpmCommand(0x144).U16(type);

    public static TpmCommand CreatePrimary(
        string publicArea, string auth = "", uint hierarchy = Owner, string data = "", string hierarchyAuth = "") =>
        Creation(new TpmCommand(0x131).Handle(hierarchy).Password(hierarchyAuth), publicArea, auth, data);

    public static TpmCommand Create(uint parent, string publicArea, string auth = "", string data = "",
        string pcrs = "00000000") =>
        Creation(new TpmCommand(0x153).Handle(parent).Password(), publicArea, auth, data, pcrs);

    public static TpmCommand Load(Side side, string key, string parent = "srk") =>
        new TpmCommand(0x157).Handle(side.Handle(parent)).Password().Sized(side[key + ".private"])
            .Sized(side[key + ".public"]);

    public static TpmCommand Flush(uint handle) => new TpmCommand(0x165).U32(handle);

    /// <summary>The fields of a CreatePrimary response, named for <see cref="Pair"/>.</summary>
    public static string[] PrimaryFields(string key) =>
        [key, key + ".public", key + ".creation", key + ".hash", key + ".ticket.tag", key + ".ticket.hierarchy",
            key + ".ticket.digest", key + ".name"];

    /// <summary>The fields of a Create response, named for <see cref="Pair"/>.</summary>
    public static string[] CreateFields(string key) =>
        [key + ".private", key + ".public", key + ".creation", key + ".hash", key + ".ticket.tag",
            key + ".ticket.hierarchy", key + ".ticket.digest"];

    private static TpmCommand Creation(
        TpmCommand command, string publicArea, string auth, string data, string pcrs = "00000000")
    {
        byte[] secret = new TpmCommand(0).Sized(System.Text.Encoding.ASCII.GetBytes(auth)).SizedHex(data).Parameters;
        return command.Sized(secret).SizedHex(publicArea).Sized([]).Hex(pcrs);
    }
}
