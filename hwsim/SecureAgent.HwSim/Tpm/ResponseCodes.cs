namespace SecureAgent.HwSim.Tpm;

/// <summary>Builds the errors of Part 2, 6.6: <c>throw TPM_RC_VALUE.Parameter(2)</c>. A number is added only to format-one codes.</summary>
internal static class ResponseCodes
{
    private const uint FormatOne = 0x080;

    /// <summary>The bare code.</summary>
    public static TpmError Error(this TPM_RC code) => new(code);

    /// <summary>The code for parameter <paramref name="number"/>, counted from 1.</summary>
    public static TpmError Parameter(this TPM_RC code, int number) => new(code.WithNumber(0x040, number));

    /// <summary>The code for handle <paramref name="number"/>, counted from 1.</summary>
    public static TpmError Handle(this TPM_RC code, int number) => new(code.WithNumber(0x000, number));

    /// <summary>The code for session <paramref name="number"/>, counted from 1.</summary>
    public static TpmError Session(this TPM_RC code, int number) => new(code.WithNumber(0x800, number));

    private static TPM_RC WithNumber(this TPM_RC code, uint kind, int number)
    {
        uint value = (uint)code;
        return (value & FormatOne) == 0 || (value & 0xF40) != 0 ? code : (TPM_RC)(value + kind + ((uint)number << 8));
    }
}
