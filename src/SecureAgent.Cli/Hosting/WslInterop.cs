using System.Globalization;
using SecureAgent.Core;

namespace SecureAgent.Cli.Hosting;

/// <summary>How a program inside WSL2 gets Windows programs started: a socket that the variable WSL_INTEROP names. It
/// belongs to the terminal in which the program was started and dies with it, while others go on
/// (microsoft/WSL#6799, #7560).</summary>
/// <param name="directory">Where the sockets of all sessions are, as <c>PID_interop</c>.</param>
/// <param name="dialer">Reaches a socket if it is served by this user or root.</param>
internal sealed class WslInterop(string directory, Func<string, IAgentDialer> dialer)
{
    /// <summary>The variable.</summary>
    public const string Variable = "WSL_INTEROP";

    /// <summary>Where WSL2 has them.</summary>
    public const string DefaultDirectory = "/run/WSL";

    private const string Suffix = "_interop";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Finds a socket that answers.</summary>
    /// <param name="current">The variable's value, if it has one.</param>
    /// <returns>The one that the variable names, if that answers or none does; else the oldest session's, which is the
    /// likeliest to last.</returns>
    public string? Choose(string? current)
    {
        if ((current is not null && Answers(current)) || !Directory.Exists(directory))
        {
            return current;
        }

        return Directory.EnumerateFileSystemEntries(directory, "*" + Suffix)
            .OrderBy(path => int.TryParse(
                Path.GetFileName(path)[..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                ? pid : int.MaxValue)
            .FirstOrDefault(Answers) ?? current;
    }

    /// <summary>Whether Windows programs can be started through the socket.</summary>
    public bool Answers(string socket)
    {
        try
        {
            using CancellationTokenSource patience = new(Patience);
            using Stream stream = dialer(socket).ConnectAsync(patience.Token).AsTask().GetAwaiter().GetResult();
            return true;
        }
        catch (Exception e) when (e is ChannelException or OperationCanceledException)
        {
            return false;
        }
    }
}
