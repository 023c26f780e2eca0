using System.Buffers.Binary;
using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Recomputes a session that swtpm took part in; see the vector's head.</summary>
public sealed class TpmSessionTests
{
    private static readonly byte[][] Vector = [..
        System.Text.Encoding.ASCII.GetString(TpmVectors.Bytes("session-swtpm.txt")).Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Select(Convert.FromHexString)];

    private static readonly byte[] BindAuth = "bind auth value"u8.ToArray();
    private static readonly byte[] OwnerAuth = "owner auth"u8.ToArray();

    private static byte[] Command => Vector[2];

    private static byte[] Response => Vector[3];

    [Fact]
    public void Command_HMAC_is_the_one_swtpm_took()
    {
        using TpmSession session = Session();
        byte[] parameters = Command[(10 + 4 + 4 + 73)..];
        byte[] cpHash = SHA256.HashData([.. Command.AsSpan(6, 4), .. Command.AsSpan(10, 4), .. parameters]);
        byte[] hmac = new byte[32];
        session.CommandHmac(cpHash, (TPMA_SESSION)Command[56], OwnerAuth, hmac);
        Assert.Equal(Convert.ToHexString(Command.AsSpan(59, 32)), Convert.ToHexString(hmac));
    }

    [Fact]
    public void First_parameter_of_the_command_decrypts_and_encrypts()
    {
        byte[] sent = Command[(91 + 2)..(91 + 2 + 11)];
        byte[] plain = [0, 7, .. "key pin"u8, 0, 0];
        byte[] encrypted = [.. plain];
        using TpmSession session = Session();
        session.EncryptParameter(encrypted, OwnerAuth);
        Assert.Equal(sent, encrypted);
    }

    [Fact]
    public void Response_HMAC_and_first_parameter_are_understood()
    {
        int size = BinaryPrimitives.ReadInt32BigEndian(Response.AsSpan(14));
        byte[] parameters = Response[18..(18 + size)];
        ReadOnlySpan<byte> auth = Response.AsSpan(18 + size);
        using TpmSession session = Session();
        session.SetNonceTpm(auth[2..34]);
        byte[] rpHash = SHA256.HashData([0, 0, 0, 0, 0, 0, 0x01, 0x31, .. parameters]);
        byte[] hmac = new byte[32];
        session.ResponseHmac(rpHash, (TPMA_SESSION)auth[34], OwnerAuth, hmac);
        Assert.Equal(Convert.ToHexString(auth[37..69]), Convert.ToHexString(hmac));

        int length = BinaryPrimitives.ReadUInt16BigEndian(parameters);
        session.DecryptParameter(parameters.AsSpan(2, length), OwnerAuth);
        TpmPublic publicArea = TpmPublic.Parse(parameters.AsSpan(2, length));
        Assert.Equal(TPM_ECC_CURVE.NIST_P256, publicArea.Curve);

        // The Name that swtpm computed stands in clear at the end of the parameters.
        Assert.Equal(Convert.ToHexString(parameters.AsSpan(^34..)), Convert.ToHexString(publicArea.Name));
    }

    private static TpmSession Session() => new(
        BinaryPrimitives.ReadUInt32BigEndian(Vector[1].AsSpan(10)), BindAuth, Vector[0].AsSpan(20, 32),
        Vector[1].AsSpan(16, 32), usesAuthValue: true);
}
