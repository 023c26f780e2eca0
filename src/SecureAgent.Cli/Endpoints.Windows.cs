using System.Runtime.Versioning;
using SecureAgent.Channels.Cygwin;
using SecureAgent.Channels.HyperV;
using SecureAgent.Channels.NamedPipe;
using SecureAgent.Channels.Pageant;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Channels.Windows;
using SecureAgent.Channels.XAgent;
using SecureAgent.Cli.Configuration;
using SecureAgent.Cli.Hosting;
using SecureAgent.Core;

namespace SecureAgent.Cli;

/// <content>The channels of Windows.</content>
internal static partial class Endpoints
{
    /// <summary>The pipe that Win32-OpenSSH looks for.</summary>
    public const string OpenSshPipe = @"\\.\pipe\openssh-ssh-agent";

    [SupportedOSPlatform("windows")]
    private static string UserPipe => PipeName.ForUser(WindowsUser.Current.Sid);

    [SupportedOSPlatform("windows")]
    private static string PathOfWindows(Settings settings) =>
        settings.Channels.Contains(ChannelNames.UserPipe) ? UserPipe
        : settings.Channels.Contains(ChannelNames.OpenSshPipe) ? OpenSshPipe
        : settings.Socket;

    [SupportedOSPlatform("windows")]
    private static IAgentDialer DialerOfWindows(AgentEndpoint endpoint) => endpoint.Kind switch
    {
        EndpointKind.CygwinSocket => new CygwinDialer(endpoint.Address, TimeProvider.System),
        EndpointKind.PageantWindow => new PageantWindowDialer(),
        EndpointKind.PageantPipe => new NamedPipeDialer(PageantPipeName.OfCurrentUser()),
        _ => new NamedPipeDialer(endpoint.Address),
    };

    [SupportedOSPlatform("windows")]
    private static IChannel ChannelOfWindows(AgentEndpoint endpoint, IAgentLog log) => endpoint.Kind switch
    {
        EndpointKind.UnixSocket => new WindowsUnixSocketChannel(endpoint.Address, log, TimeProvider.System),
        EndpointKind.CygwinSocket => new CygwinChannel(endpoint.Address, log, TimeProvider.System),
        EndpointKind.PageantWindow => new PageantWindowChannel(log, TimeProvider.System),
        EndpointKind.PageantPipe => Pipe(ChannelNames.PageantPipe, PageantPipeName.OfCurrentUser(), log),
        _ => Pipe(ChannelNames.UserPipe, PipeName.Complete(endpoint.Address), log),
    };

    [SupportedOSPlatform("windows")]
    private static IReadOnlyList<IChannel> ServedOnWindows(Settings settings, string? socket, IAgentLog log) =>
        [.. settings.Channels.Select(name => ServedOnWindows(name, settings, socket, log))];

    [SupportedOSPlatform("windows")]
    private static bool IsServedOnWindows(AgentEndpoint endpoint, Settings settings, string? socket) =>
        settings.Channels.Any(name => endpoint.Kind switch
        {
            EndpointKind.NamedPipe => PipeOf(name) is string path
                && string.Equals(PipeName.Complete(endpoint.Address), path, StringComparison.OrdinalIgnoreCase),
            EndpointKind.PageantWindow => name == ChannelNames.Pageant,
            EndpointKind.PageantPipe => name == ChannelNames.PageantPipe,
            EndpointKind.CygwinSocket => name == ChannelNames.Cygwin
                && string.Equals(endpoint.Address, settings.CygwinSocket, StringComparison.OrdinalIgnoreCase),
            _ => name == ChannelNames.Unix
                && string.Equals(endpoint.Address, socket ?? settings.Socket, StringComparison.OrdinalIgnoreCase),
        });

    [SupportedOSPlatform("windows")]
    private static string? PipeOf(string channel) => channel switch
    {
        ChannelNames.UserPipe => UserPipe,
        ChannelNames.OpenSshPipe => OpenSshPipe,
        ChannelNames.PageantPipe => PageantPipeName.OfCurrentUser(),
        _ => null,
    };

    [SupportedOSPlatform("windows")]
    private static IReadOnlyList<ChannelProbe> ProbesOfWindows(Settings settings) =>
        [.. settings.Channels.Select(name => Probe(name, settings)).OfType<ChannelProbe>()];

    [SupportedOSPlatform("windows")]
    private static IChannel ServedOnWindows(string name, Settings settings, string? socket, IAgentLog log)
    {
        switch (name)
        {
            case ChannelNames.UserPipe:
                return Pipe(name, UserPipe, log);
            case ChannelNames.OpenSshPipe:
                return Pipe(name, OpenSshPipe, log);
            case ChannelNames.PageantPipe:
                NamedPipeChannel pipe = Pipe(name, PageantPipeName.OfCurrentUser(), log);
                return settings.OpenSshConfig is string file ? new PageantPipeForOpenSsh(pipe, file, log) : pipe;
            case ChannelNames.Pageant:
                return new PageantWindowChannel(log, TimeProvider.System);
            case ChannelNames.Cygwin:
                return new CygwinChannel(settings.CygwinSocket!, log, TimeProvider.System);
            case ChannelNames.XAgent:
                return new XAgentChannel(log, TimeProvider.System);
            case ChannelNames.HyperV:
                return new HyperVChannel(HyperVChannel.DefaultPort, log, TimeProvider.System);
            default:
                return new WindowsUnixSocketChannel(socket ?? settings.Socket, log, TimeProvider.System);
        }
    }

    [SupportedOSPlatform("windows")]
    private static ChannelProbe? Probe(string name, Settings settings) => name switch
    {
        _ when PipeOf(name) is string path => ProbeOfPipe(name, path, settings),
        ChannelNames.Pageant => new ChannelProbe(name, Parse("pageant"), "the window \"Pageant\""),
        ChannelNames.Cygwin => new ChannelProbe(
            name, Parse("cygwin:" + settings.CygwinSocket), settings.CygwinSocket!.Replace('\\', '/')),
        ChannelNames.Unix => new ChannelProbe(name, Parse(settings.Socket), settings.Socket),
        _ => null, // Xshell's handshake, or only from inside a virtual machine.
    };

    [SupportedOSPlatform("windows")]
    private static ChannelProbe ProbeOfPipe(string name, string path, Settings settings) =>
        new(name, Parse(path), path)
        {
            FindStranger = () => NamedPipeServer.Of(path) is { } server
                && NamedPipeServer.Of(PathOfWindows(settings)) is { } agent
                && server.ProcessId != agent.ProcessId
                    ? $"it is served by {server}, not by this agent; end that one, or take it as an upstream"
                    : null,
        };

    [SupportedOSPlatform("windows")]
    private static NamedPipeChannel Pipe(string name, string path, IAgentLog log) =>
        new(name, path, log, TimeProvider.System);
}
