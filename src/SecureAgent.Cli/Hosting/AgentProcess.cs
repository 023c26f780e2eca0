using System.Globalization;
using System.Net.Sockets;

namespace SecureAgent.Cli.Hosting;

/// <summary>What Linux shows of the process at the other end of a connection: how well it keeps others from its
/// memory.</summary>
internal static class AgentProcess
{
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;
    private const string Name = "secure-agent";

    /// <summary>Looks at the process that listens behind <paramref name="stream"/>.</summary>
    /// <returns>Whether it is this program, and what it could not do for its own protection, one sentence
    /// each.</returns>
    public static (bool IsSecureAgent, IReadOnlyList<string> Weaknesses) Inspect(Stream stream)
    {
        if (!OperatingSystem.IsLinux() || stream is not NetworkStream network)
        {
            return (false, []);
        }

        // struct ucred: pid, uid, gid.
        Span<byte> credentials = stackalloc byte[3 * sizeof(int)];
        _ = network.Socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        return Inspect($"/proc/{BitConverter.ToInt32(credentials).ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>Gives this process the name by which it is known, whatever file it was started as.</summary>
    public static void TakeName()
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                File.WriteAllText("/proc/self/comm", Name);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A process that cannot be traced any more may not write there; it has had its name before.
        }
    }

    private static (bool IsSecureAgent, IReadOnlyList<string> Weaknesses) Inspect(string process)
    {
        try
        {
            if (File.ReadAllText(process + "/comm").TrimEnd('\n') != Name)
            {
                return (false, []);
            }

            List<string> weaknesses = [];
            // The files of a process that cannot be traced belong to root, and others may not read its environment.
            if (!Environment.IsPrivilegedProcess && CanRead(process + "/environ"))
            {
                weaknesses.Add("other programs of this user may read the agent's memory");
            }

            if (!IsZero(process + "/limits", "Max core file size"))
            {
                weaknesses.Add("a crash may write the agent's memory to a core dump");
            }

            return (true, weaknesses);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (false, []);
        }
    }

    private static bool CanRead(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // "Max core file size        0                    unlimited            bytes"
    private static bool IsZero(string path, string limit) =>
        File.ReadLines(path).FirstOrDefault(line => line.StartsWith(limit, StringComparison.Ordinal)) is string found
        && found[limit.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0] == "0";
}
