namespace SecureAgent.Channels.NamedPipe;

/// <summary>Decides whether an agent's pipe can be trusted by who owns it.</summary>
internal static class PipeOwner
{
    private const string LocalSystem = "S-1-5-18";

    /// <summary>Owns what an elevated program of anybody in that group makes.</summary>
    private const string Administrators = "S-1-5-32-544";

    /// <summary>Whether this user, the system or an administrator owns it. Who may become the system could read the
    /// requests anyway.</summary>
    /// <param name="owner">SID of the pipe's owner; <see langword="null"/> if it has none or does not show it.</param>
    /// <param name="userSid">SID of this user.</param>
    public static bool IsTrusted(string? owner, string userSid) =>
        owner is not null && (owner == userSid || owner is LocalSystem or Administrators);
}
