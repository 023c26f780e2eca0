using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Where the octets of a new key come from: the random number generator or, for primary objects, a seed.</summary>
internal sealed class KeySource
{
    private readonly byte[]? _seed;
    private uint _counter;

    private KeySource(byte[]? seed) => _seed = seed;

    /// <summary>The random number generator.</summary>
    public static KeySource Random { get; } = new(null);

    /// <summary>The same octets every time for the same arguments.</summary>
    /// <param name="primarySeed">The hierarchy's seed.</param>
    /// <param name="templateName">The Name of the template: a primary key follows from its template (Part 1, 14.3).</param>
    /// <param name="data">The caller's sensitive data.</param>
    public static KeySource Primary(byte[] primarySeed, byte[] templateName, byte[] data) =>
        new(Kdf.Kdfa(TPM_ALG_SHA512, primarySeed, "PRIMARY", templateName, data, Hash.MaxSize * 8));

    /// <summary>The next octets can be had again.</summary>
    public bool IsDeterministic => _seed is not null;

    /// <summary>The next <paramref name="length"/> octets.</summary>
    public byte[] Next(int length) => _seed is null
        ? RandomNumberGenerator.GetBytes(length)
        : Kdf.Kdfa(TPM_ALG_SHA512, _seed, "STREAM", Bytes.UInt32(_counter++), [], length * 8);
}
