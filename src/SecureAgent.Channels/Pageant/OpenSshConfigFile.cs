using System.Text;

namespace SecureAgent.Channels.Pageant;

/// <summary>The file that points Win32-OpenSSH at Pageant's pipe, as Pageant's option --openssh-config writes it: one
/// line, for an Include in the user's own configuration. It has to be written again whenever Windows has started,
/// because the pipe's name changes.</summary>
public sealed partial class OpenSshConfigFile
{
    private readonly string _path;

    /// <summary>Names the file; nothing is written yet.</summary>
    /// <param name="path">Path of the file; its directory must exist.</param>
    public OpenSshConfigFile(string path) => _path = Path.GetFullPath(path);

    /// <summary>The file's one line. OpenSSH takes a backslash for an escape, hence the slashes.</summary>
    /// <param name="pipe">Full name of the pipe.</param>
    internal static string LineFor(string pipe) => $"IdentityAgent \"{pipe.Replace('\\', '/')}\"\r\n";

    /// <summary>Writes the file once the pipe listens, and empties it at the end of the program. It is emptied, not
    /// removed, because OpenSSH complains of an Include whose file has gone.</summary>
    /// <param name="pipe">Full name of the pipe.</param>
    /// <param name="listening">Completes once the pipe listens; if it faults, nothing is written.</param>
    /// <param name="ct">Cancelled at the end of the program.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public async Task KeepAsync(string pipe, Task listening, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        ArgumentNullException.ThrowIfNull(listening);
        await listening.WaitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!listening.IsCompletedSuccessfully)
        {
            return;
        }

        Write(LineFor(pipe));
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration ending = ct.UnsafeRegister(_ => end.SetResult(), null);
        await using (ending.ConfigureAwait(false))
        {
            await end.Task.ConfigureAwait(false);
        }

        Write("");
    }

    private void Write(string content)
    {
        using FileStream file = OperatingSystem.IsWindows()
            ? OpenOwnerOnly(_path)
            : new FileStream(_path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        file.Write(Encoding.UTF8.GetBytes(content));
    }
}
