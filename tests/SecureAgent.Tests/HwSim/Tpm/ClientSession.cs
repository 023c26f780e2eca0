using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SecureAgent.Tests.HwSim.Differential;

namespace SecureAgent.Tests.HwSim.Tpm;

/// <summary>The caller's side of an HMAC or policy session, written from Part 1 for these tests alone.</summary>
internal sealed class ClientSession
{
    public const byte Continue = 0x01;
    public const byte Decrypt = 0x20;
    public const byte Encrypt = 0x40;
    public const byte Audit = 0x80;

    private readonly HashAlgorithmName _hash;
    private readonly string _symmetric;
    private readonly byte[] _key;
    private byte[] _nonceTpm;
    private byte[] _nonceCaller;

    private ClientSession(uint handle, HashAlgorithmName hash, string symmetric, byte[] key, byte[] nonceTpm, byte[] nonceCaller)
    {
        Handle = handle;
        _hash = hash;
        _symmetric = symmetric;
        _key = key;
        _nonceTpm = nonceTpm;
        _nonceCaller = nonceCaller;
    }

    public uint Handle { get; }

    /// <summary>Whether the command's HMAC is spoilt.</summary>
    public bool Forge { get; set; }

    /// <summary>Starts a session, salted to <paramref name="saltKey"/> (ECC P-256 or RSA 2048) and bound to <paramref name="bind"/>, if given.</summary>
    public static ClientSession Start(
        TpmUser user, ushort hash = 0x0B, string symmetric = "0010", uint saltKey = Templates.Null, uint bind = Templates.Null,
        string bindAuth = "", byte type = 0)
    {
        HashAlgorithmName name = NameOf(hash);
        byte[] nonce = RandomNumberGenerator.GetBytes(CryptographicOperations.HashData(name, (byte[])[]).Length);
        (byte[] salt, byte[] encrypted) = saltKey == Templates.Null ? ([], []) : Secrets.For(user.PublicOf(saltKey), "SECRET");
        Reply reply = user.Good(new TpmCommand(0x176).Handle(saltKey).Handle(bind).Sized(nonce).Sized(encrypted).U8(type)
            .Hex(symmetric).U16(hash));
        byte[] nonceTpm = reply.Sized();
        byte[] key = saltKey == Templates.Null && bind == Templates.Null
            ? []
            : Kdfa(name, [.. Encoding.ASCII.GetBytes(bindAuth), .. salt], "ATH", nonceTpm, nonce, nonce.Length * 8);
        return new ClientSession(reply.Handle, name, symmetric, key, nonceTpm, nonce);
    }

    /// <summary>Sends <paramref name="command"/> with this session as its only one, and checks the response's HMAC.</summary>
    /// <param name="user">The TPM.</param>
    /// <param name="command">Without sessions.</param>
    /// <param name="attributes">sessionAttributes.</param>
    /// <param name="auth">The authValue that the HMAC must include, "" if the session is bound to the handle.</param>
    /// <param name="cipherAuth">The authValue that parameter encryption includes.</param>
    /// <returns>The response, and its first parameter in clear.</returns>
    public (Reply Reply, byte[] First) Send(
        TpmUser user, TpmCommand command, byte attributes = Continue, string auth = "", string cipherAuth = "")
    {
        _nonceCaller = RandomNumberGenerator.GetBytes(_nonceCaller.Length);
        if ((attributes & Decrypt) != 0)
        {
            command.Parameters = Cipher(command.Parameters, cipherAuth, _nonceCaller, _nonceTpm, encrypt: true);
        }

        byte[] code = new TpmCommand(0).U32(command.Code).Parameters;
        byte[] names = [.. command.Handles.SelectMany(handle => user.Names.GetValueOrDefault(handle)
            ?? new TpmCommand(0).U32(handle).Parameters)];
        byte[] key = [.. _key, .. Encoding.ASCII.GetBytes(auth)];
        byte[] cpHash = CryptographicOperations.HashData(_hash, (byte[])[.. code, .. names, .. command.Parameters]);
        byte[] hmac = Hmac(key, cpHash, _nonceCaller, _nonceTpm, attributes);
        hmac[0] ^= Forge ? (byte)1 : (byte)0;
        Reply reply = user.Send(command.Session(Handle, _nonceCaller, attributes, hmac));
        if (reply.Code != 0)
        {
            return (reply, []);
        }

        byte[] area = reply.Sessions;
        int nonceLength = BinaryPrimitives.ReadUInt16BigEndian(area);
        _nonceTpm = area[2..(2 + nonceLength)];
        byte responseAttributes = area[2 + nonceLength];
        byte[] rpHash = CryptographicOperations.HashData(_hash, (byte[])[0, 0, 0, 0, .. code, .. reply.Parameters]);
        Assert.Equal(Hmac(key, rpHash, _nonceTpm, _nonceCaller, responseAttributes), area[(5 + nonceLength)..]);
        return (reply, FirstOf(reply.Parameters, attributes, cipherAuth));
    }

    public static byte[] Kdfa(HashAlgorithmName hash, byte[] key, string label, byte[] u, byte[] v, int bits)
    {
        List<byte> output = [];
        for (uint counter = 1; output.Count * 8 < bits; counter++)
        {
            byte[] block = new TpmCommand(0).U32(counter).Raw([.. Encoding.ASCII.GetBytes(label), 0]).Raw(u).Raw(v)
                .U32((uint)bits).Parameters;
            output.AddRange(CryptographicOperations.HmacData(hash, key, block));
        }

        return [.. output.Take((bits + 7) / 8)];
    }

    private byte[] FirstOf(byte[] parameters, byte attributes, string cipherAuth)
    {
        if (parameters.Length < 2)
        {
            return [];
        }

        byte[] clear = (attributes & Encrypt) == 0
            ? parameters
            : Cipher(parameters, cipherAuth, _nonceTpm, _nonceCaller, encrypt: false);
        return clear[2..(2 + BinaryPrimitives.ReadUInt16BigEndian(clear))];
    }

    private byte[] Cipher(byte[] parameters, string auth, byte[] newer, byte[] older, bool encrypt)
    {
        byte[] key = [.. _key, .. Encoding.ASCII.GetBytes(auth)];
        int length = BinaryPrimitives.ReadUInt16BigEndian(parameters);
        byte[] first = parameters[2..(2 + length)];
        byte[] result;
        if (_symmetric.StartsWith("000A", StringComparison.Ordinal))
        {
            byte[] mask = Kdfa(_hash, key, "XOR", newer, older, length * 8);
            result = [.. first.Zip(mask, (left, right) => (byte)(left ^ right))];
        }
        else
        {
            int bits = Convert.ToInt32(_symmetric.Split(' ')[1], 16);
            byte[] derived = Kdfa(_hash, key, "CFB", newer, older, bits + 128);
            using Aes aes = Aes.Create();
            aes.Key = derived[..(bits / 8)];
            byte[] padded = new byte[(length + 15) / 16 * 16];
            first.CopyTo(padded, 0);
            byte[] iv = derived[(bits / 8)..];
            result = (encrypt
                ? aes.EncryptCfb(padded, iv, PaddingMode.None, 128)
                : aes.DecryptCfb(padded, iv, PaddingMode.None, 128))[..length];
        }

        return [.. parameters[..2], .. result, .. parameters[(2 + length)..]];
    }

    private byte[] Hmac(byte[] key, byte[] hash, byte[] newer, byte[] older, byte attributes) =>
        CryptographicOperations.HmacData(_hash, key, (byte[])[.. hash, .. newer, .. older, attributes]);

    private static HashAlgorithmName NameOf(ushort hash) => hash switch
    {
        0x04 => HashAlgorithmName.SHA1,
        0x0B => HashAlgorithmName.SHA256,
        0x0C => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };
}
