using System.Text;

namespace SecureAgent.Cli.Hosting;

/// <summary>How this process was started, as the kernel has it: with the name it was called by, which .NET does not
/// always show, and with every byte, also those that are no text.</summary>
internal static class ProcessArguments
{
    // .NET puts the program, or the assembly that `dotnet` runs, before them.
    private static int OwnCount => Environment.GetCommandLineArgs().Length - 1;

    /// <summary>The name that the program was called by, without directory or extension.</summary>
    public static string Name => Path.GetFileNameWithoutExtension(
        OperatingSystem.IsLinux() ? Encoding.UTF8.GetString(Read()[0]) : Environment.GetCommandLineArgs()[0]);

    /// <summary>The last arguments, without a zero at their end.</summary>
    /// <exception cref="IOException">/proc is not there.</exception>
    public static IReadOnlyList<byte[]> Last(int count) => [.. Read().TakeLast(count)];

    /// <summary>What starts this program once more, whatever form it has: the file, and arguments that go before those
    /// of the program.</summary>
    /// <exception cref="IOException">/proc is not there.</exception>
    public static (string File, IReadOnlyList<string> Arguments) Program()
    {
        List<byte[]> all = Read();
        return (
            Environment.ProcessPath ?? throw new IOException("The system does not say which file this program is."),
            [.. all.Take(all.Count - OwnCount).Skip(1).Select(Encoding.UTF8.GetString)]);
    }

    private static List<byte[]> Read()
    {
        byte[] all = File.ReadAllBytes("/proc/self/cmdline");
        List<byte[]> arguments = [];
        for (int start = 0; start < all.Length;)
        {
            int end = Array.IndexOf(all, (byte)0, start);
            end = end < 0 ? all.Length : end;
            arguments.Add(all[start..end]);
            start = end + 1;
        }

        return arguments;
    }
}
