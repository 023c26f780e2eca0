using SecureAgent.Core;

namespace SecureAgent.Cli;

/// <summary>Reads files that a person names, which may be anything.</summary>
internal static class BoundedFile
{
    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="buffer">Receives it; one byte longer than what no such file exceeds.</param>
    /// <returns>How long it is.</returns>
    /// <exception cref="BackendException">It is not there, or is larger.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static int Read(string path, Span<byte> buffer)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            int length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length < buffer.Length
                ? length
                : throw new BackendException($"{path} is larger than {buffer.Length - 1} bytes.");
        }
        catch (UnauthorizedAccessException e) when (Directory.Exists(path))
        {
            throw new BackendException($"{path} is a directory.", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackendException($"{path}: there is no such file.", e);
        }
    }
}
