using System.Security.Cryptography;
using SecureAgent.HwSim;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>Does with a TPM what a person's software does, by the bytes of Part 3.</summary>
internal sealed class TpmUser(ISimulatedTpm tpm)
{
    public const string NullTicket = "8024 40000007 0000";
    public const string EcdsaSha256 = "0018 000B";
    private const string SealedDa = "0008 000B 00000052 0000  0010  0000";

    private static readonly uint[] ReturnHandles = [0x131, 0x157, 0x161, 0x167, 0x176, 0x191];

    public ISimulatedTpm Tpm { get; } = tpm;

    /// <summary>The Names of the objects made here, by handle.</summary>
    public Dictionary<uint, byte[]> Names { get; } = [];

    public Reply Send(TpmCommand command) => new(Tpm.Execute(command.ToArray()), ReturnHandles.Contains(command.Code));

    public Reply Good(TpmCommand command)
    {
        Reply reply = Send(command);
        Assert.Equal("000", $"{reply.Code:X3}");
        return reply;
    }

    public void Refused(string code, TpmCommand command) => Assert.Equal(code, $"{Send(command).Code:X3}");

    public uint Primary(string publicArea = Templates.EccStorage, string auth = "", uint hierarchy = Templates.Owner)
    {
        Reply reply = Good(Templates.CreatePrimary(publicArea, auth, hierarchy));
        Names[reply.Handle] = NameOf(reply.Sized());
        return reply.Handle;
    }

    public (byte[] Private, byte[] Public) Create(uint parent, string publicArea, string auth = "", string data = "")
    {
        Reply reply = Good(Templates.Create(parent, publicArea, auth, data));
        byte[] privateArea = reply.Sized();
        return (privateArea, reply.Sized());
    }

    public uint Load(uint parent, (byte[] Private, byte[] Public) key)
    {
        Reply reply = Good(new TpmCommand(0x157).Handle(parent).Password().Sized(key.Private).Sized(key.Public));
        Names[reply.Handle] = NameOf(key.Public);
        return reply.Handle;
    }

    public uint Key(uint parent, string publicArea, string auth = "", string data = "") =>
        Load(parent, Create(parent, publicArea, auth, data));

    /// <summary>Sealed data subject to dictionary attack protection, or not.</summary>
    public uint Sealed(uint parent, string auth, string data, bool noDA) =>
        Key(parent, noDA ? Templates.Sealed : SealedDa, auth, data);

    public static TpmCommand Sign(uint key, string auth, byte[]? digest = null) => new TpmCommand(0x15D).Handle(key)
        .Password(auth).Sized(digest ?? new byte[32]).Hex(EcdsaSha256).Hex(NullTicket);

    public static TpmCommand Unseal(uint handle) => new TpmCommand(0x15E).Handle(handle);

    public byte[] PublicOf(uint handle) => Good(new TpmCommand(0x173).Handle(handle)).Sized();

    public void Flush(uint handle) => Good(Templates.Flush(handle));

    public static byte[] NameOf(byte[] publicArea) => (publicArea[2], publicArea[3]) switch
    {
        (0, 0x0B) => [0, 0x0B, .. SHA256.HashData(publicArea)],
        (0, 0x0C) => [0, 0x0C, .. SHA384.HashData(publicArea)],
        _ => throw new ArgumentOutOfRangeException(nameof(publicArea)),
    };
}
