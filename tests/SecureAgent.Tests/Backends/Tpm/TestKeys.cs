using System.Buffers.Binary;
using System.Security.Cryptography;
using SecureAgent.Backends.Tpm;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Keys and what is expected of them.</summary>
internal static class TestKeys
{
    /// <summary>The template of a kind as users write it.</summary>
    public static TpmKeyTemplate Template(string type) => TpmKeyTemplate.All.Single(item => item.ToString() == type);

    /// <summary>Signs and has .NET verify.</summary>
    public static void AssertSigns(
        TpmConnection connection, TpmKeyBlobs key, string hash, ReadOnlySpan<byte> pin, TpmPolicy? policy = null,
        TpmParent? parent = null)
    {
        byte[] data = RandomNumberGenerator.GetBytes(100);
        HashAlgorithmName name = new(hash);
        byte[] digest = CryptographicOperations.HashData(name, data);
        bool rsa = key.Public.Type == TPM_ALG.RSA;
        byte[] signature = connection.Sign(
            key, parent ?? TpmParent.Owner, rsa ? TpmSignatureScheme.RsaPkcs1(name) : TpmSignatureScheme.Ecdsa(name),
            digest, pin, policy);
        Assert.True(Verifies(key.Public, digest, signature, name));
    }

    /// <summary>Whether .NET takes the signature.</summary>
    public static bool Verifies(TpmPublic key, byte[] digest, byte[] signature, HashAlgorithmName hash)
    {
        if (key.Type == TPM_ALG.RSA)
        {
            using RSA rsa = RSA.Create(key.ToRSAParameters());
            return rsa.VerifyHash(digest, signature, hash, RSASignaturePadding.Pkcs1);
        }

        using ECDsa ecdsa = ECDsa.Create(key.ToECParameters());
        return ecdsa.VerifyHash(digest, signature);
    }

    /// <summary>The digest of a policy for the PCR values of now.</summary>
    public static byte[] PolicyDigest(TpmConnection connection, TpmPolicy policy) =>
        policy.Digest(connection.ReadPcrs(policy.Pcrs, TpmParent.Owner));

    /// <summary>The connection still makes and uses keys.</summary>
    public static void AssertWorks(TpmConnection connection)
    {
        TpmKeyBlobs key = connection.Create(TpmKeyTemplate.Ecdsa256, TpmParent.Owner, [], []);
        AssertSigns(connection, key, "SHA256", []);
    }

    /// <summary>A connection of its own to a TPM that is started.</summary>
    public static ITpmDevice OpenStarted(TestTpm tpm)
    {
        ITpmDevice device = tpm.Open();

        // TPM2_Startup(TPM_SU_CLEAR); TPM_RC_INITIALIZE says that it was started before.
        device.Transmit(Convert.FromHexString("80010000000C000001440000"), new byte[4096]);
        return device;
    }

    /// <summary>Loads storage keys over a connection of its own and leaves them, as a careless program does.</summary>
    public static List<uint> TakeSlots(TestTpm tpm, int count)
    {
        using ITpmDevice device = OpenStarted(tpm);
        TpmTransport transport = new(() => device, _ => { });
        transport.EnsureOpen();
        TpmCommands commands = new(transport);
        return [.. Enumerable.Range(0, count).Select(_ => commands.CreatePrimary(
            TpmParent.OwnerHandle, TpmTemplates.Storage(rsa: false), TpmAuthorization.EmptyPassword).Handle)];
    }

    /// <summary>Runs a command, given in hexadecimal, over a connection of its own; it must succeed.</summary>
    public static void Run(TestTpm tpm, string hex)
    {
        using ITpmDevice device = OpenStarted(tpm);
        Run(device, hex);
    }

    /// <summary>Runs a command, given in hexadecimal, and returns the response; it must succeed.</summary>
    public static byte[] Run(ITpmDevice device, string hex)
    {
        byte[] response = new byte[4096];
        int length = device.Transmit(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), response);
        Assert.Equal("00000000", Convert.ToHexString(response.AsSpan(6, 4)));
        return response[..length];
    }

    /// <summary>What is loaded, as the TPM says over a connection of its own: transient objects and loaded
    /// sessions.</summary>
    public static List<uint> LoadedHandles(TestTpm tpm)
    {
        using ITpmDevice device = OpenStarted(tpm);
        List<uint> handles = [];
        foreach (uint first in (uint[])[0x8000_0000, 0x0200_0000, 0x0300_0000])
        {
            // TPM2_GetCapability(TPM_CAP_HANDLES, first, 64)
            byte[] command = [0x80, 0x01, 0, 0, 0, 22, 0, 0, 0x01, 0x7A, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 64];
            BinaryPrimitives.WriteUInt32BigEndian(command.AsSpan(14), first);
            byte[] response = new byte[4096];
            int length = device.Transmit(command, response);
            for (int at = 19; at < length; at += 4)
            {
                handles.Add(BinaryPrimitives.ReadUInt32BigEndian(response.AsSpan(at)));
            }
        }

        return handles;
    }
}
