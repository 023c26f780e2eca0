using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Core;

namespace SecureAgent.Tests.Channels.UnixSocket;

/// <summary>The environment belongs to the whole process, so that these tests are one class and run one by
/// one.</summary>
public sealed class SocketActivationTests
{
    [Fact]
    public void Without_the_variables_there_is_nothing_to_take() => Assert.Null(SocketActivation.Take());

    [Theory]
    [InlineData("1", "1", "LISTEN_PID")]
    [InlineData(null, "1", "LISTEN_PID")]
    [InlineData("own", null, "LISTEN_FDS")]
    [InlineData("own", "0", "LISTEN_FDS")]
    [InlineData("own", "2", "LISTEN_FDS")]
    [InlineData("own", "x", "LISTEN_FDS")]
    public void Anything_but_one_socket_for_this_process_is_refused_and_forgotten(
        string? processId, string? count, string named)
    {
        string own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        Environment.SetEnvironmentVariable("LISTEN_PID", processId == "own" ? own : processId);
        Environment.SetEnvironmentVariable("LISTEN_FDS", count);
        Environment.SetEnvironmentVariable("LISTEN_FDNAMES", "agent.socket");
        ChannelException exception = Assert.Throws<ChannelException>(SocketActivation.Take);
        Assert.StartsWith(named, exception.Message, StringComparison.Ordinal);
        foreach (string variable in (string[])["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"])
        {
            Assert.Null(Environment.GetEnvironmentVariable(variable));
        }
    }

    [Fact]
    public void Listening_unix_stream_socket_is_adopted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is on Linux.");
        using TemporaryDirectory directory = new();
        using UnixSocketListener listener = UnixSocketListener.Open(Path.Combine(directory.Path, "agent.sock"));
        using Socket adopted = SocketActivation.Adopt(Duplicate(listener.Socket.SafeHandle));
        Assert.Equal(Path.Combine(directory.Path, "agent.sock"), adopted.LocalEndPoint?.ToString());
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(Path.Combine(directory.Path, "agent.sock")));
        using Socket accepted = adopted.Accept();
    }

    [Fact]
    public void Other_descriptors_are_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is on Linux.");
        using TemporaryDirectory directory = new();
        using Socket tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        tcp.Listen();
        using Socket datagram = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        using Socket unconnected = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using FileStream file = File.Create(Path.Combine(directory.Path, "file"));
        foreach (SafeHandle handle in (SafeHandle[])
            [tcp.SafeHandle, datagram.SafeHandle, unconnected.SafeHandle, file.SafeFileHandle])
        {
            int duplicate = Duplicate(handle);
            Assert.Throws<ChannelException>(() => SocketActivation.Adopt(duplicate));
        }
    }

    private static int Duplicate(SafeHandle handle)
    {
        const int F_DUPFD = 0;
        int duplicate = Libc.FileControl(handle, F_DUPFD, 100);
        Assert.True(duplicate >= 100);
        return duplicate;
    }
}
