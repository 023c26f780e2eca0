using System.Runtime.Versioning;
using SecureAgent.Channels.NamedPipe;
using SecureAgent.Channels.Pageant;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>Pageant's pipe, with the file that points Win32-OpenSSH at it.</summary>
[SupportedOSPlatform("windows")]
internal sealed class PageantPipeForOpenSsh : IChannel
{
    private readonly NamedPipeChannel _pipe;
    private readonly string _file;
    private readonly IAgentLog _log;

    /// <summary>Creates the channel.</summary>
    /// <param name="pipe">The pipe.</param>
    /// <param name="file">Path of the file.</param>
    /// <param name="log">Told if the file cannot be written; the pipe is served all the same.</param>
    public PageantPipeForOpenSsh(NamedPipeChannel pipe, string file, IAgentLog log) =>
        (_pipe, _file, _log) = (pipe, file, log);

    /// <inheritdoc/>
    public string Name => _pipe.Name;

    /// <inheritdoc/>
    public string Endpoint => _pipe.Endpoint;

    /// <inheritdoc/>
    public Task Listening => _pipe.Listening;

    /// <inheritdoc/>
    public Task RunAsync(IAgent agent, CancellationToken ct) =>
        Task.WhenAll(_pipe.RunAsync(agent, ct), KeepFileAsync(ct));

    private async Task KeepFileAsync(CancellationToken ct)
    {
        try
        {
            await new OpenSshConfigFile(_file).KeepAsync(Endpoint, Listening, ct).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Error, "openssh-config",
                $"{_file} does not name the pipe for OpenSSH: {exception.Message}"));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Ended before the pipe listened.
        }
    }
}
