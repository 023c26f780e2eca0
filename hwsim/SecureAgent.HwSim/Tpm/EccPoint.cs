namespace SecureAgent.HwSim.Tpm;

/// <summary>A TPMS_ECC_POINT.</summary>
internal readonly record struct EccPoint(byte[] X, byte[] Y)
{
    /// <summary>Reads a TPMS_ECC_POINT.</summary>
    public static EccPoint Read(TpmReader reader)
    {
        byte[] x = reader.Sized(Limits.MaxEccBytes);
        return new EccPoint(x, reader.Sized(Limits.MaxEccBytes));
    }

    /// <summary>Writes a TPMS_ECC_POINT.</summary>
    public void Write(TpmWriter writer) => writer.Sized(X).Sized(Y);
}
