namespace SecureAgent.Tests.HwSim.Differential;

/// <summary>One TPMS_AUTH_COMMAND.</summary>
internal sealed record AuthEntry(uint Handle, byte[] Nonce, byte Attributes, byte[] Auth);
