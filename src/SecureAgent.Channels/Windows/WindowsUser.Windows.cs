using System.Runtime.Versioning;
using System.Security.Principal;

namespace SecureAgent.Channels.Windows;

/// <summary>The user that this process runs as.</summary>
/// <param name="Sid">SID of the user.</param>
/// <param name="OwnerSid">SID that owns what the process creates without saying who shall: the user's, or the
/// administrators' if the process is elevated.</param>
[SupportedOSPlatform("windows")]
public sealed record WindowsUser(string Sid, string OwnerSid)
{
    /// <summary>The system itself, which may always connect.</summary>
    public const string LocalSystemSid = "S-1-5-18";

    private static readonly Lazy<WindowsUser> OfProcess = new(() =>
    {
        using WindowsIdentity identity = WindowsIdentity.GetCurrent();
        string user = identity.User?.Value
            ?? throw new InvalidOperationException("The token of this process has no user.");
        return new WindowsUser(user, identity.Owner?.Value ?? user);
    });

    /// <summary>The user of this process.</summary>
    public static WindowsUser Current => OfProcess.Value;
}
