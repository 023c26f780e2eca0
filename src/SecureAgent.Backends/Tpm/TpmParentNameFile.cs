using System.Globalization;
using System.Text;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>Remembers in a file which storage keys a TPM has. A PIN is proved in a session that only the holder of the
/// storage key's private half can follow; who puts another key in its place on the bus is noticed from the second use
/// on.</summary>
/// <remarks>Each line: the parent's handle in hex, <c>-rsa</c> behind it for the RSA template, a space, its Name in
/// hex, a space, and the TPM as the user named it, because one computer can be used with several.</remarks>
public sealed class TpmParentNameFile : ITpmNamePin
{
    private const int MaximumBytes = 64 * 1024;

    private readonly string _path;
    private readonly string _device;
    private readonly IAgentLog _log;

    /// <summary>Remembers in <paramref name="path"/>, which is made at the first use.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">The TPM as the user named it, such as <c>device:/dev/tpmrm0</c>.</param>
    /// <param name="log">Told where the file cannot be written; the TPM is used all the same.</param>
    public TpmParentNameFile(string path, string device, IAgentLog log)
    {
        _path = Path.GetFullPath(path);
        _device = device;
        _log = log;
    }

    string ITpmNamePin.Place => $"its line in {_path}";

    byte[]? ITpmNamePin.Load(TpmParent parent)
    {
        string prefix = Key(parent) + " ";
        string? line = Array.Find(ReadLines(), candidate =>
            candidate.StartsWith(prefix, StringComparison.Ordinal) && DeviceOf(candidate) == _device);
        if (line is null)
        {
            return null;
        }

        try
        {
            return Convert.FromHexString(line.Split(' ')[1]);
        }
        catch (FormatException exception)
        {
            throw new BackendException(
                BackendFailure.Refused,
                    $"The file {_path} is damaged; the TPM is not used before it is repaired or removed.",
                exception);
        }
    }

    void ITpmNamePin.Store(TpmParent parent, byte[] name)
    {
        string line = $"{Key(parent)} {Convert.ToHexString(name)} {_device}";
        try
        {
            KeyFiles.RequireDirectory(Path.GetDirectoryName(_path)!); // A file always has a directory.
            byte[] content = Encoding.UTF8.GetBytes(string.Join('\n', [.. ReadLines(), line]) + "\n");
            KeyFiles.WritePrivate(_path, content, overwrite: true);
        }
        catch (BackendException exception)
        {
            _log.Write(new AgentEvent(
                AgentEventLevel.Warning, "tpm", $"The TPM's storage key is not remembered: {exception.Message}"));
        }
    }

    private static string Key(TpmParent parent) =>
        parent.Handle.ToString("X8", CultureInfo.InvariantCulture) + (parent.Rsa ? "-rsa" : "");

    private static string DeviceOf(string line) => line.Split(' ', 3) is [_, _, string device] ? device : "";

    private string[] ReadLines() => File.Exists(_path)
        ? Encoding.UTF8.GetString(KeyFiles.Read(_path, MaximumBytes))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        : [];
}
