namespace SecureAgent.Tests.EndToEnd;

/// <summary>Whose ssh-agent is started.</summary>
public enum AgentSide
{
    /// <summary>OpenSSH's: the control, which shows what the answer should be.</summary>
    OpenSsh,

    /// <summary><c>secure-agent ssh-agent</c>.</summary>
    DropIn,
}
