namespace SecureAgent.Tests.EndToEnd;

/// <summary>The agent that a test drives, and what its keys live in.</summary>
public enum AgentKind
{
    /// <summary>OpenSSH's ssh-agent with key files: the control, which shows that a failure is ours and not the
    /// machine's.</summary>
    OpenSsh,

    /// <summary>The built program on swtpm.</summary>
    Swtpm,

    /// <summary>The built program on the TPM of hwsim.</summary>
    Simulator,
}
