namespace SecureAgent.Tests.EndToEnd;

/// <summary>What an sshd of a test has of its own.</summary>
internal sealed record SshdSetup
{
    /// <summary>The types of its host keys.</summary>
    public string[] HostKeyTypes { get; init; } = ["ed25519", "ecdsa", "rsa"];

    /// <summary>Does something with the private host key files once they are made, and returns more lines of the
    /// configuration.</summary>
    public Func<string[], Task<string>> PrepareAsync { get; init; } = _ => Task.FromResult("");
}
