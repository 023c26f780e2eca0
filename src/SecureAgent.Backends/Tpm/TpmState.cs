namespace SecureAgent.Backends.Tpm;

/// <summary>What a TPM says about itself, for people.</summary>
/// <param name="Device">Its maker and firmware, such as <c>IBM 8217.4131</c>.</param>
/// <param name="InLockout">Whether every key with a PIN is refused for now.</param>
/// <param name="TriesLeft">Wrong PINs that it still takes before lockout.</param>
/// <param name="LockoutInterval">How long until one wrong PIN is forgiven.</param>
public sealed record TpmState(string Device, bool InLockout, int TriesLeft, TimeSpan LockoutInterval);
