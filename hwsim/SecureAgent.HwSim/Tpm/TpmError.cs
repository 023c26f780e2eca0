namespace SecureAgent.HwSim.Tpm;

/// <summary>A command ends with <see cref="ResponseCode"/>. Caught once, where the response is built.</summary>
internal sealed class TpmError(TPM_RC responseCode) : Exception($"0x{(uint)responseCode:X3}")
{
    /// <summary>The whole code, with its handle, parameter or session number.</summary>
    public TPM_RC ResponseCode { get; } = responseCode;
}
