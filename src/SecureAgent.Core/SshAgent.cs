namespace SecureAgent.Core;

/// <summary>The agent: one per process, shared by all channels.</summary>
public sealed class SshAgent
{
}
