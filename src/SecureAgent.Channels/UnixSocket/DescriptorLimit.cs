namespace SecureAgent.Channels.UnixSocket;

/// <summary>How many descriptors this process may have (getrlimit(2), RLIMIT_NOFILE).</summary>
internal static class DescriptorLimit
{
    /// <summary>Raises the limit in force as far as the process may.</summary>
    /// <returns>What it is then.</returns>
    public static int Raise()
    {
        const int Unknown = 1024; // What Linux gives if nobody says otherwise.
        if (Libc.GetLimit(Libc.RLIMIT_NOFILE, out Libc.ResourceLimit limit) != 0)
        {
            return Unknown;
        }

        if (limit.Soft < limit.Hard
            && Libc.SetLimit(Libc.RLIMIT_NOFILE, limit with { Soft = limit.Hard }) == 0)
        {
            limit.Soft = limit.Hard;
        }

        return (int)Math.Min(limit.Soft, int.MaxValue);
    }
}
