using System.Net.Sockets;
using SecureAgent.Cli.Hosting;

namespace SecureAgent.Tests.Cli.Hosting;

public sealed class AgentSocketPathTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();

    public AgentSocketPathTests() =>
        Assert.SkipUnless(OperatingSystem.IsLinux(), "These are the sockets of Linux.");

    private string Directory => Path.Combine(_surroundings.Home, ".ssh", "agent");

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public void Each_path_is_new_and_looks_as_OpenSSH_makes_them()
    {
        string path = AgentSocketPath.InHome("/home/u");
        Assert.Matches("^/home/u/.ssh/agent/s\\.[a-zA-Z0-9]{10}\\.agent\\.[a-zA-Z0-9]{10}$", path);
        Assert.NotEqual(path, AgentSocketPath.InHome("/home/u"));
    }

    [Fact]
    public void Only_old_sockets_of_this_host_that_nobody_serves_are_deleted()
    {
        System.IO.Directory.CreateDirectory(Directory);
        string other = Path.Combine(Directory, "s.otherhost1.agent.abcdefghij");
        string file = AgentSocketPath.InHome(_surroundings.Home);
        File.WriteAllText(file, "");
        using Socket stale = Bind(AgentSocketPath.InHome(_surroundings.Home), out string stalePath);
        using Socket served = Bind(AgentSocketPath.InHome(_surroundings.Home), out string servedPath);
        served.Listen();
        using Socket elsewhere = Bind(other, out _);
        Array.ForEach(
            [file, stalePath, servedPath, other], path => File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2)));
        using Socket young = Bind(AgentSocketPath.InHome(_surroundings.Home), out string youngPath);

        AgentSocketPath.DeleteStale(_surroundings.Home, ofAnyHost: false, DateTimeOffset.UtcNow);

        string[] left = System.IO.Directory.GetFiles(Directory);
        Assert.Equal(new[] { file, servedPath, other, youngPath }.Order(), left.Order());

        AgentSocketPath.DeleteStale(_surroundings.Home, ofAnyHost: true, DateTimeOffset.UtcNow);
        Assert.False(File.Exists(other));
    }

    private static Socket Bind(string at, out string path)
    {
        path = at;
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(at));
        return socket;
    }
}
