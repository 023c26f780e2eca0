using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace SecureAgent.Cli.Hosting;

/// <summary>Where an agent of its own listens when it is not told: a random name in <c>~/.ssh/agent</c>, as of OpenSSH
/// 10.1, so that several agents stand side by side and each of the two programs cleans up after the other.</summary>
internal static class AgentSocketPath
{
    /// <summary>The directory, below home.</summary>
    public const string DirectoryInHome = ".ssh/agent";

    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const int HostLetters = 10;
    private const int RandomLetters = 10;
    private const int TemporaryLetters = 12;

    // A younger one may be of an agent that is about to listen.
    private static readonly TimeSpan LeastAge = TimeSpan.FromHours(1);

    // Homes are shared between hosts, and what is stale here may be served there.
    private static string HostPrefix
    {
        get
        {
            byte[] hash = SHA512.HashData(Encoding.UTF8.GetBytes(Environment.MachineName));
            return $"s.{string.Concat(hash.Take(HostLetters).Select(value => Letters[value % Letters.Length]))}.";
        }
    }

    /// <summary>A new path in the home directory.</summary>
    public static string InHome(string home) => Path.Combine(
        home, DirectoryInHome, $"{HostPrefix}agent.{RandomNumberGenerator.GetString(Letters, RandomLetters)}");

    /// <summary>A new path in a directory of its own below the one for temporary files.</summary>
    /// <param name="surroundings">Says where those are.</param>
    /// <param name="process">Names the socket.</param>
    public static string InTemporaryDirectory(Surroundings surroundings, int process)
    {
        string temporary = surroundings.Variable("TMPDIR") is string named && Path.IsPathRooted(named) ? named : "/tmp";
        return Path.Combine(
            temporary,
            $"ssh-{RandomNumberGenerator.GetString(Letters, TemporaryLetters)}",
            string.Create(CultureInfo.InvariantCulture, $"agent.{process}"));
    }

    /// <summary>Deletes the sockets in the home directory that nobody serves any more.</summary>
    /// <param name="home">The home directory.</param>
    /// <param name="ofAnyHost">Also those that another host made.</param>
    /// <param name="now">The time.</param>
    public static void DeleteStale(string home, bool ofAnyHost, DateTimeOffset now)
    {
        string directory = Path.Combine(home, DirectoryInHome);
        if (!Directory.Exists(directory))
        {
            return;
        }

        foreach (string path in Directory.EnumerateFiles(directory, ofAnyHost ? "*" : HostPrefix + "*"))
        {
            try
            {
                if (Libc.IsSocket(path) && File.GetLastWriteTimeUtc(path) < now - LeastAge && !IsServed(path))
                {
                    File.Delete(path);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A left-over name of a dead socket is untidy, no more.
            }
        }
    }

    private static bool IsServed(string path)
    {
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode != SocketError.ConnectionRefused;
        }
        catch (ArgumentException)
        {
            // Too long a path to be anybody's.
            return true;
        }
    }
}
