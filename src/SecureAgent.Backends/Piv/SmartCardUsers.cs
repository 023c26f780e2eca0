namespace SecureAgent.Backends.Piv;

/// <summary>Who else uses smart cards here: PC/SC does not tell who holds a card, so this names who may.</summary>
public static class SmartCardUsers
{
    /// <summary>The other programs of this user that have pcsc-lite in their memory, such as scdaemon; root sees those
    /// of everybody. Always empty on Windows, which has winscard.dll in many programs that use no card.</summary>
    /// <returns>Names as the kernel has them, at most 15 bytes long, with process ids, in ascending order of
    /// these.</returns>
    public static IReadOnlyList<(string Name, int ProcessId)> Others()
    {
        if (!OperatingSystem.IsLinux())
        {
            return [];
        }

        List<(string Name, int ProcessId)> others = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out int id) && id != Environment.ProcessId
                && NameOfUser(directory) is string name)
            {
                others.Add((name, id));
            }
        }

        others.Sort((one, other) => one.ProcessId.CompareTo(other.ProcessId));
        return others;
    }

    private static string? NameOfUser(string directory)
    {
        try
        {
            return File.ReadLines(Path.Combine(directory, "maps")).Any(IsLibrary)
                ? File.ReadAllText(Path.Combine(directory, "comm")).TrimEnd('\n')
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it is another user's, or has just ended
        }
    }

    // Since pcsc-lite 2.0 a second one, libpcsclite_real, is behind it; either tells.
    private static bool IsLibrary(string mapping) => mapping.Contains("/libpcsclite", StringComparison.Ordinal);
}
