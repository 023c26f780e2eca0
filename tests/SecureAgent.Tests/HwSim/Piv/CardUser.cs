using System.Security.Cryptography;
using SecureAgent.HwSim;
using SecureAgent.HwSim.Piv;

namespace SecureAgent.Tests.HwSim.Piv;

/// <summary>A host of a card: builds APDUs by hand, so that tests do not share the simulator's codec.</summary>
internal sealed class CardUser(ISimulatedCard card)
{
    public const string Pin = "123456";
    public const string Puk = "12345678";
    public const string PivAid = "A000000308";

    public static readonly byte[] DefaultManagementKey =
        Convert.FromHexString("010203040506070801020304050607080102030405060708");

    private const int ChunkBytes = 255;

    /// <summary>Sends an APDU in hexadecimal digits.</summary>
    /// <returns>The response in hexadecimal digits.</returns>
    public string Send(string apdu) => Convert.ToHexString(card.Transmit(Convert.FromHexString(apdu)));

    /// <summary>Sends a command with data of any length, chained, and collects the response.</summary>
    /// <returns>The data.</returns>
    public byte[] Command(byte ins, byte p1, byte p2, byte[] data)
    {
        (byte[] response, int status) = TryCommand(ins, p1, p2, data);
        Assert.Equal(0x9000, status);
        return response;
    }

    public (byte[] Data, int Status) TryCommand(byte ins, byte p1, byte p2, byte[] data)
    {
        byte[][] chunks = data.Length == 0 ? [[]] : [.. data.Chunk(ChunkBytes)];
        foreach (byte[] chunk in chunks[..^1])
        {
            Assert.Equal([0x90, 0x00], card.Transmit([0x10, ins, p1, p2, (byte)chunk.Length, .. chunk]));
        }

        byte[] last = chunks[^1];
        byte[] response = card.Transmit([0, ins, p1, p2, (byte)last.Length, .. last]);
        List<byte> collected = [.. response[..^2]];
        while (response[^2] == 0x61)
        {
            response = card.Transmit([0, 0xC0, 0, 0, response[^1]]);
            collected.AddRange(response[..^2]);
        }

        return ([.. collected], (response[^2] << 8) | response[^1]);
    }

    public void Select() => Assert.EndsWith("9000", Send("00A4040005" + PivAid), StringComparison.Ordinal);

    /// <summary>VERIFY.</summary>
    /// <returns>SW1 SW2.</returns>
    public int Verify(string pin) => TryCommand(0x20, 0, 0x80, Padded(pin)).Status;

    /// <summary>Mutual authentication with the management key.</summary>
    public void Authenticate(byte algorithm, byte[] key)
    {
        int block = algorithm == 3 ? 8 : 16;
        byte[] witness = Command(0x87, algorithm, 0x9B, [0x7C, 0x02, 0x80, 0x00])[4..];
        Assert.Equal(block, witness.Length);
        byte[] challenge = RandomNumberGenerator.GetBytes(block);
        byte[] response = Command(
            0x87, algorithm, 0x9B,
            Tlv(0x7C, Tlv(0x80, Cipher(algorithm, key, witness, decrypt: true)), Tlv(0x81, challenge)));
        Assert.Equal(Tlv(0x7C, Tlv(0x82, Cipher(algorithm, key, challenge, decrypt: false))), response);
    }

    /// <summary>Authenticates the host alone with the 3DES key that older cards come with. Its three parts are equal,
    /// which .NET refuses; the cipher has vectors of its own (<see cref="ManagementKeyTests"/>).</summary>
    public void AuthenticateDefault3Des()
    {
        byte[] challenge = Command(0x87, 0x03, 0x9B, [0x7C, 0x02, 0x81, 0x00])[4..];
        Assert.Empty(Command(
            0x87, 0x03, 0x9B, Tlv(0x7C, Tlv(0x82, TripleDesBlock.Encrypt(DefaultManagementKey, challenge)))));
    }

    /// <summary>Selects and authenticates with what a card of firmware 5.7 comes with.</summary>
    public void Manage()
    {
        Select();
        Authenticate(0x0A, DefaultManagementKey);
    }

    /// <summary>GENERATE.</summary>
    /// <returns>The template in 7F49.</returns>
    public byte[] Generate(byte slot, byte algorithm, byte pinPolicy = 0, byte touchPolicy = 0)
    {
        byte[] parameters = [0x80, 1, algorithm];
        parameters = pinPolicy == 0 ? parameters : [.. parameters, 0xAA, 1, pinPolicy];
        parameters = touchPolicy == 0 ? parameters : [.. parameters, 0xAB, 1, touchPolicy];
        byte[] response = Command(0x47, 0, slot, Tlv(0xAC, parameters));
        Assert.Equal([0x7F, 0x49], response[..2]);
        return Value(response[1..]);
    }

    /// <summary>GENERAL AUTHENTICATE with tag 81.</summary>
    public (byte[] Signature, int Status) Sign(byte slot, byte algorithm, byte[] challenge) =>
        Use(slot, algorithm, 0x81, challenge);

    public (byte[] Result, int Status) Use(byte slot, byte algorithm, byte tag, byte[] value)
    {
        (byte[] response, int status) = TryCommand(0x87, algorithm, slot, Tlv(0x7C, [0x82, 0], Tlv(tag, value)));
        return (status == 0x9000 ? Value(Value(response)) : response, status);
    }

    public static byte[] Padded(string pin) =>
        [.. System.Text.Encoding.ASCII.GetBytes(pin), .. Enumerable.Repeat((byte)0xFF, 8 - pin.Length)];

    /// <summary>One object with a tag of one byte.</summary>
    public static byte[] Tlv(byte tag, params byte[][] parts)
    {
        byte[] value = [.. parts.SelectMany(part => part)];
        return value.Length switch
        {
            < 0x80 => [tag, (byte)value.Length, .. value],
            < 0x100 => [tag, 0x81, (byte)value.Length, .. value],
            _ => [tag, 0x82, (byte)(value.Length >> 8), (byte)value.Length, .. value],
        };
    }

    /// <summary>The value of the object with a tag of one byte that <paramref name="tlv"/> begins with.</summary>
    public static byte[] Value(byte[] tlv)
    {
        (int header, int length) = tlv[1] switch
        {
            0x82 => (4, (tlv[2] << 8) | tlv[3]),
            0x81 => (3, tlv[2]),
            byte one => (2, one),
        };
        return tlv[header..(header + length)];
    }

#pragma warning disable CA5350 // 3DES is what older cards have.
    private static byte[] Cipher(byte algorithm, byte[] key, byte[] block, bool decrypt)
    {
        using SymmetricAlgorithm cipher = algorithm == 3 ? TripleDES.Create() : Aes.Create();
        cipher.Key = key;
        return decrypt ? cipher.DecryptEcb(block, PaddingMode.None) : cipher.EncryptEcb(block, PaddingMode.None);
    }
#pragma warning restore CA5350
}
