using System.Numerics;
using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>An RSA key: raw, because the padding is the host's.</summary>
internal sealed class RsaPivKey : PivKey
{
    private const int ModulusTag = 0x81;
    private const int ExponentTag = 0x82;

    private readonly RSAParameters _parameters;

    /// <summary>Takes a key with its private part.</summary>
    public RsaPivKey(RSAParameters parameters) => _parameters = parameters;

    /// <inheritdoc/>
    public override PivAlgorithm Algorithm => (_parameters.Modulus!.Length * 8) switch
    {
        1024 => PivAlgorithm.Rsa1024,
        2048 => PivAlgorithm.Rsa2048,
        3072 => PivAlgorithm.Rsa3072,
        _ => PivAlgorithm.Rsa4096,
    };

    /// <inheritdoc/>
    public override byte[] PublicTemplate =>
        [.. Tlv.Write(ModulusTag, _parameters.Modulus!), .. Tlv.Write(ExponentTag, _parameters.Exponent!)];

    /// <inheritdoc/>
    public override byte[] SubjectPublicKeyInfo
    {
        get
        {
            using RSA rsa = RSA.Create(_parameters);
            return rsa.ExportSubjectPublicKeyInfo();
        }
    }

    /// <inheritdoc/>
    public override byte[] PrivateBytes
    {
        get
        {
            using RSA rsa = RSA.Create(_parameters);
            return rsa.ExportRSAPrivateKey();
        }
    }

    /// <summary>Bits of the modulus; 0 for another algorithm.</summary>
    public static int BitsOf(PivAlgorithm algorithm) => algorithm switch
    {
        PivAlgorithm.Rsa1024 => 1024,
        PivAlgorithm.Rsa2048 => 2048,
        PivAlgorithm.Rsa3072 => 3072,
        PivAlgorithm.Rsa4096 => 4096,
        _ => 0,
    };

    /// <inheritdoc/>
    public override byte[] Sign(byte[] challenge)
    {
        BigInteger message = Read(challenge);
        CardError.Unless(
            challenge.Length == _parameters.Modulus!.Length && message < Read(_parameters.Modulus),
            StatusWord.WrongData);
        BigInteger p = Read(_parameters.P!);
        BigInteger q = Read(_parameters.Q!);
        BigInteger m1 = BigInteger.ModPow(message, Read(_parameters.DP!), p);
        BigInteger m2 = BigInteger.ModPow(message, Read(_parameters.DQ!), q);
        BigInteger h = Read(_parameters.InverseQ!) * (m1 - m2) % p;
        BigInteger result = m2 + ((h.Sign < 0 ? h + p : h) * q);
        byte[] written = result.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[challenge.Length - written.Length], .. written];
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    private static BigInteger Read(ReadOnlySpan<byte> value) => new(value, isUnsigned: true, isBigEndian: true);
}
