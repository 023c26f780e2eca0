namespace SecureAgent.Cli.Commands;

/// <summary>Which part of <c>ssh-agent</c> a process plays. One program cannot fork under .NET, so that the agent in
/// the background is a second start of it.</summary>
internal enum SshAgentRole
{
    /// <summary>What the user started.</summary>
    Front,

    /// <summary>The agent in the background.</summary>
    Daemon,

    /// <summary>The agent in the background that ends with the process that started it.</summary>
    Companion,
}
