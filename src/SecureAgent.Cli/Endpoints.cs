using SecureAgent.Channels.UnixSocket;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Cli;

/// <summary>Puts the channels together: the one place that knows which endpoint is which channel.</summary>
internal static partial class Endpoints
{
    /// <summary>Where this program's own commands find the agent of the settings.</summary>
    public static string Own(Settings settings) =>
        OperatingSystem.IsWindows() ? Parse(PathOfWindows(settings)).ToString() : settings.Socket;

    /// <summary>The same as clients of OpenSSH write it.</summary>
    public static string OwnPath(Settings settings) =>
        OperatingSystem.IsWindows() ? PathOfWindows(settings) : settings.Socket;

    /// <summary>What looks whether clients find the agent on each of its channels; none where it has only one.</summary>
    public static IReadOnlyList<ChannelProbe> Probes(Settings settings) =>
        OperatingSystem.IsWindows() ? ProbesOfWindows(settings) : [];

    /// <summary>Reads an endpoint that a person gave to a command.</summary>
    /// <exception cref="CommandException">It is none (64).</exception>
    public static AgentEndpoint Parse(string text)
    {
        try
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return AgentEndpoint.Parse(text, isOption: true, home);
        }
        catch (FormatException exception)
        {
            throw new CommandException(ExitCode.Usage, $"The endpoint \"{text}\" {exception.Message}.");
        }
    }

    /// <summary>The way to an agent.</summary>
    public static IAgentDialer Dialer(AgentEndpoint endpoint) => endpoint.Kind switch
    {
        EndpointKind.UnixSocket => new UnixSocketDialer(endpoint.Address),
        _ when OperatingSystem.IsWindows() => DialerOfWindows(endpoint),
        _ => throw new ChannelException($"{endpoint} is there on Windows only."),
    };

    /// <summary>A way for clients to arrive at one endpoint.</summary>
    /// <param name="endpoint">Where to listen.</param>
    /// <param name="log">Takes refused peers and trouble while accepting.</param>
    public static IChannel Channel(AgentEndpoint endpoint, IAgentLog log) =>
        OperatingSystem.IsWindows() ? ChannelOfWindows(endpoint, log) : endpoint.Kind switch
        {
            EndpointKind.UnixSocket => new UnixSocketChannel(endpoint.Address, log, TimeProvider.System),
            _ => throw new ChannelException($"{endpoint} is there on Windows only."),
        };

    /// <summary>Every way for clients to arrive at the agent.</summary>
    /// <param name="settings">Which there shall be.</param>
    /// <param name="socket">Path of the Unix socket; <see langword="null"/> for the one that systemd opened, else the one
    /// of the settings.</param>
    /// <param name="log">Takes refused peers and trouble while accepting.</param>
    /// <exception cref="ChannelException">systemd's cannot be used.</exception>
    public static IReadOnlyList<IChannel> Served(Settings settings, string? socket, IAgentLog log) =>
        OperatingSystem.IsWindows()
            ? ServedOnWindows(settings, socket, log)
            :
            [
                socket is not null
                    ? new UnixSocketChannel(socket, log, TimeProvider.System)
                    : UnixSocketChannel.FromSystemd(log, TimeProvider.System)
                        ?? new UnixSocketChannel(settings.Socket, log, TimeProvider.System),
            ];

    /// <summary>Whether an agent of these settings would listen at <paramref name="endpoint"/> itself.</summary>
    /// <param name="endpoint">Any.</param>
    /// <param name="settings">The agent's.</param>
    /// <param name="socket">As for <see cref="Served"/>.</param>
    public static bool IsServed(AgentEndpoint endpoint, Settings settings, string? socket) =>
        OperatingSystem.IsWindows()
            ? IsServedOnWindows(endpoint, settings, socket)
            : endpoint.Kind == EndpointKind.UnixSocket && IsSameFile(endpoint.Address, socket ?? settings.Socket);

    // A link to the agent's socket is what people keep in SSH_AUTH_SOCK.
    private static bool IsSameFile(string one, string other) => RealPath(one) == RealPath(other);

    private static string RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (IOException)
        {
            return full; // It is not there, or its links go round: no agent of anybody's.
        }
    }
}
