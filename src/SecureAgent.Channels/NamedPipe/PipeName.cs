namespace SecureAgent.Channels.NamedPipe;

/// <summary>Names of pipes that agents listen on.</summary>
public static class PipeName
{
    /// <summary>Where Win32-OpenSSH looks if <c>SSH_AUTH_SOCK</c> is not set. The whole machine has only one.</summary>
    public const string OpenSsh = Prefix + "openssh-ssh-agent";

    private const string Prefix = @"\\.\pipe\";

    /// <summary>A pipe of this user's own, for machines where several people are logged on.</summary>
    /// <param name="userSid">SID of the user, such as <c>S-1-5-21-…</c>.</param>
    public static string ForUser(string userSid) => $"{Prefix}secure-agent.{userSid}";

    /// <summary>The full name, with backslashes: <c>openssh-ssh-agent</c> and <c>//./pipe/openssh-ssh-agent</c> both
    /// become <c>\\.\pipe\openssh-ssh-agent</c>.</summary>
    /// <param name="name">A full or a short name.</param>
    /// <exception cref="ArgumentException">It is empty, or names a pipe of another machine.</exception>
    public static string Complete(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string path = name.Replace('/', '\\');
        if (path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && path.Length > Prefix.Length)
        {
            return path;
        }

        return path.Contains('\\', StringComparison.Ordinal)
            ? throw new ArgumentException($"{name} is not the name of a pipe of this machine, which is written "
                + $"{Prefix}NAME or NAME.", nameof(name))
            : Prefix + path;
    }
}
