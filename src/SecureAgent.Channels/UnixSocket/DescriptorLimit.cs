namespace SecureAgent.Channels.UnixSocket;

/// <summary>How many descriptors this process may have (getrlimit(2), RLIMIT_NOFILE).</summary>
internal static class DescriptorLimit
{
    /// <summary>Kept from the connections for everything else that the process opens, and at most half of what there
    /// is. The program that is not compiled ahead of time opens about a hundred for its own code.</summary>
    private const int OtherDescriptors = 128;

    /// <summary>Raises the limit in force as far as the process may.</summary>
    /// <returns>How many connections it leaves room for.</returns>
    public static int RaiseForConnections()
    {
        int descriptors = Raise();
        return Math.Max(descriptors / 2, descriptors - OtherDescriptors);
    }

    private static int Raise()
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
