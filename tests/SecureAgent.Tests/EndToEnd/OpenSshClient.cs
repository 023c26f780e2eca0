namespace SecureAgent.Tests.EndToEnd;

/// <summary>OpenSSH's programs as a person uses them with one agent.</summary>
/// <param name="home">The person.</param>
/// <param name="socket">What SSH_AUTH_SOCK and IdentityAgent say.</param>
internal sealed class OpenSshClient(Home home, string socket)
{
    /// <summary>Runs <c>ssh-add</c>.</summary>
    public Task<Ran> SshAddAsync(params string[] arguments) =>
        new Command(home.WithAgent(socket), Requires.Tool("ssh-add"), arguments).RunAsync();

    /// <summary>Logs in and runs <paramref name="command"/> there.</summary>
    /// <param name="sshd">Where.</param>
    /// <param name="publicKeyFile">The one key to offer, or <see langword="null"/> for whatever the agent
    /// lists.</param>
    /// <param name="command">What to run on the far side.</param>
    /// <param name="options">More options of ssh.</param>
    public Task<Ran> LoginAsync(SshdServer sshd, string? publicKeyFile, string command, params string[] options)
    {
        List<string> arguments =
        [
            "-F", "none",
            "-o", $"UserKnownHostsFile={sshd.KnownHosts}",
            "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "StrictHostKeyChecking=yes",
            "-o", "BatchMode=yes",
            "-o", "PreferredAuthentications=publickey",
            "-o", $"IdentityAgent={socket}",
            "-p", $"{sshd.Port}",
            .. options,
        ];
        if (publicKeyFile is not null)
        {
            arguments.AddRange(["-o", "IdentitiesOnly=yes", "-i", publicKeyFile]);
        }

        arguments.AddRange([$"{Environment.UserName}@127.0.0.1", command]);
        return new Command(home.WithAgent(socket), Requires.Tool("ssh"), [.. arguments]).RunAsync();
    }

    /// <summary>Signs <paramref name="message"/> with <c>ssh-keygen -Y sign</c>; the signature is the output.</summary>
    public Task<Ran> SignAsync(string publicKeyFile, string message) =>
        new Command(home.WithAgent(socket), "ssh-keygen", "-Y", "sign", "-q", "-n", "file", "-f", publicKeyFile)
        {
            Input = message,
        }.RunAsync();

    /// <summary>Verifies a signature with <c>ssh-keygen -Y verify</c>, for which no agent is needed.</summary>
    public Task<Ran> VerifyAsync(string publicKeyFile, string message, string signature)
    {
        string name = Path.GetRandomFileName();
        string signers = home.Write($"tmp/{name}.signers", $"user@example.org {File.ReadAllText(publicKeyFile)}");
        string file = home.Write($"tmp/{name}.sig", signature);
        return new Command(home.Environment, "ssh-keygen", "-Y", "verify",
            "-f", signers, "-I", "user@example.org", "-n", "file", "-s", file)
        {
            Input = message,
        }.RunAsync();
    }

    /// <summary>Runs git in <paramref name="directory"/>.</summary>
    public async Task<Ran> GitAsync(string directory, params string[] arguments) =>
        await new Command(home.WithAgent(socket), Requires.Tool("git"), arguments) { Directory = directory }.RunAsync();
}
