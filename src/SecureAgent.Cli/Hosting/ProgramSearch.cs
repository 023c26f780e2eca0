namespace SecureAgent.Cli.Hosting;

/// <summary>Finds a program as a shell does. .NET itself would look in the working directory before PATH, where anybody
/// may have put a program of that name.</summary>
internal static class ProgramSearch
{
    /// <summary>The full path of <paramref name="program"/>, or <see langword="null"/> if it is not there.</summary>
    public static string? Find(string program, Surroundings surroundings)
    {
        if (program.AsSpan().IndexOfAny('/', Path.DirectorySeparatorChar) >= 0)
        {
            return File.Exists(program) ? Path.GetFullPath(program) : null;
        }

        string[] names = OperatingSystem.IsWindows() ? [program + ".exe", program] : [program];
        return (surroundings.Variable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(Path.IsPathRooted)
            .SelectMany(directory => names.Select(name => Path.Combine(directory, name)))
            .FirstOrDefault(File.Exists);
    }
}
