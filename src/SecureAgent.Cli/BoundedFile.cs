using SecureAgent.Core;

namespace SecureAgent.Cli;

/// <summary>Reads files that a person names, which may be anything.</summary>
internal static class BoundedFile
{
    /// <summary>Reads a whole file that holds nothing secret.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">What no such file exceeds.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="CommandException">It is not there (69), cannot be read, or is larger.</exception>
    public static async Task<byte[]> ReadAsync(string path, int maxBytes, CancellationToken ct)
    {
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
            await using (file.ConfigureAwait(false))
            {
                byte[] buffer = new byte[maxBytes + 1];
                int length = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct)
                    .ConfigureAwait(false);
                return length <= maxBytes
                    ? buffer[..length]
                    : throw new CommandException(ExitCode.Failed, $"{path} is larger than {maxBytes} bytes.");
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackendException(BackendFailure.DeviceAbsent, $"{path}: there is no such file.", e);
        }
    }
}
