namespace SecureAgent.Channels.Windows;

/// <summary>Security descriptors in SDDL for things that only one user may use. The owner is always the user, never the
/// token's default owner, which for an elevated process is the group of administrators: PuTTY and the like compare the
/// owner with their own user.</summary>
public static class OwnerOnlyDescriptor
{
    /// <summary>For a pipe: the user and the system may do everything, whoever comes over the network nothing, and
    /// processes of low integrity, such as a browser's, neither read nor write.</summary>
    /// <param name="userSid">SID of the user, such as <c>S-1-5-21-…</c>.</param>
    /// <remarks>The deny comes first, because a list is read in order. The label stands at medium even if this process
    /// is elevated, so that the user's ordinary programs get in.</remarks>
    public static string ForPipe(string userSid) =>
        $"O:{userSid}G:{userSid}D:P(D;;GA;;;NU)(A;;GA;;;{userSid})(A;;GA;;;SY)S:(ML;;NWNR;;;ME)";

    /// <summary>For a file or socket file: the user and the system may do everything, others nothing; nothing is
    /// inherited.</summary>
    /// <param name="userSid">SID of the user.</param>
    public static string ForFile(string userSid) => $"O:{userSid}G:{userSid}D:P(A;;FA;;;{userSid})(A;;FA;;;SY)";

    /// <summary>For a file mapping or mutex: the user may do everything, others nothing.</summary>
    /// <param name="userSid">SID of the user.</param>
    public static string ForObject(string userSid) => $"O:{userSid}G:{userSid}D:P(A;;GA;;;{userSid})(A;;GA;;;SY)";
}
