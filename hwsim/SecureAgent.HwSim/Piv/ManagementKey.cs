using System.Security.Cryptography;

namespace SecureAgent.HwSim.Piv;

/// <summary>The card management key, slot 9B.</summary>
internal sealed class ManagementKey
{
    private static readonly byte[] DefaultValue =
        Convert.FromHexString("010203040506070801020304050607080102030405060708");

    private readonly PivAlgorithm _default;

    /// <summary>The key that every card comes with.</summary>
    /// <param name="algorithm">3DES, or AES-192 from firmware 5.7 on.</param>
    public ManagementKey(PivAlgorithm algorithm)
    {
        _default = algorithm;
        Reset();
    }

    /// <summary>3DES or AES.</summary>
    public PivAlgorithm Algorithm { get; private set; }

    /// <summary>The key.</summary>
    public byte[] Value { get; private set; } = [];

    /// <summary>Whether it needs a touch.</summary>
    public TouchPolicy Touch { get; private set; }

    /// <summary>It is the key that the card came with.</summary>
    public bool IsDefault => Value.AsSpan().SequenceEqual(DefaultValue);

    /// <summary>Bytes of a challenge.</summary>
    public int BlockSize => Algorithm == PivAlgorithm.TripleDes ? TripleDesBlock.Size : 16;

    /// <summary>The length of a key of <paramref name="algorithm"/>; 0 for none of a management key.</summary>
    public static int SizeOf(PivAlgorithm algorithm) => algorithm switch
    {
        PivAlgorithm.TripleDes or PivAlgorithm.Aes192 => 24,
        PivAlgorithm.Aes128 => 16,
        PivAlgorithm.Aes256 => 32,
        _ => 0,
    };

    /// <summary>The first key again.</summary>
    public void Reset() => Set(_default, DefaultValue, TouchPolicy.Never);

    /// <summary>Sets another key; its length was checked.</summary>
    public void Set(PivAlgorithm algorithm, byte[] value, TouchPolicy touch) =>
        (Algorithm, Value, Touch) = (algorithm, value, touch);

    /// <summary>Enciphers one block.</summary>
    public byte[] Encrypt(byte[] block)
    {
        if (Algorithm == PivAlgorithm.TripleDes)
        {
            return TripleDesBlock.Encrypt(Value, block);
        }

        using Aes aes = Aes.Create();
        aes.Key = Value;
        return aes.EncryptEcb(block, PaddingMode.None);
    }
}
