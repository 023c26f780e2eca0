namespace SecureAgent.HwSim.Piv;

/// <summary>What a firmware can.</summary>
internal sealed class PivFirmware(Version version)
{
    private static readonly Version MovesKeys = new(5, 7, 0);

    /// <summary>The version.</summary>
    public Version Version => version;

    /// <summary>As VERSION answers it.</summary>
    public byte[] Bytes => [(byte)version.Major, (byte)version.Minor, (byte)version.Build];

    /// <summary>MOVE and DELETE KEY, and the algorithms that came with them.</summary>
    public bool IsAtLeast57 => version >= MovesKeys;

    /// <summary>The algorithm of the first management key.</summary>
    public PivAlgorithm DefaultManagementAlgorithm => IsAtLeast57 ? PivAlgorithm.Aes192 : PivAlgorithm.TripleDes;

    /// <summary>Whether key pairs of <paramref name="algorithm"/> can be made.</summary>
    public bool Supports(PivAlgorithm algorithm) => algorithm switch
    {
        PivAlgorithm.Rsa1024 or PivAlgorithm.Rsa2048 or PivAlgorithm.EccP256 or PivAlgorithm.EccP384 => true,
        PivAlgorithm.Rsa3072 or PivAlgorithm.Rsa4096 or PivAlgorithm.Ed25519 or PivAlgorithm.X25519 => IsAtLeast57,
        _ => false,
    };
}
