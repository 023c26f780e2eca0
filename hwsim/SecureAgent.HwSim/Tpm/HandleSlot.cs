namespace SecureAgent.HwSim.Tpm;

/// <summary>One handle of a command's handle area.</summary>
internal readonly record struct HandleSlot(HandleKind Kind, AuthRole Role = AuthRole.None);
