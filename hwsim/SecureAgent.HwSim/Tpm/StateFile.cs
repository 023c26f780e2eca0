using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>A file that is replaced as a whole, with a checksum.</summary>
internal sealed class StateFile(string path)
{
    private static readonly byte[] Magic = "SATPM\0\0\u0001"u8.ToArray();

    /// <summary>The content, or <see langword="null"/> if there is no file.</summary>
    /// <exception cref="InvalidDataException">It is not a state file, or it is damaged.</exception>
    public byte[]? Read()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] all = File.ReadAllBytes(path);
        int content = all.Length - Magic.Length - SHA256.HashSizeInBytes;
        bool intact = content >= 0 && all.AsSpan().StartsWith(Magic)
            && SHA256.HashData(all.AsSpan(0, Magic.Length + content)).AsSpan().SequenceEqual(all.AsSpan(Magic.Length + content));
        return intact
            ? all.AsSpan(Magic.Length, content).ToArray()
            : throw new InvalidDataException($"{path} is not the state of a simulated TPM, or is damaged: remove it to start with a new TPM.");
    }

    /// <summary>Replaces the file: a reader sees the old content or the new one.</summary>
    public void Write(byte[] content)
    {
        string next = path + ".new";
        byte[] signed = Bytes.Concat(Magic, content);
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream stream = new(next, options))
        {
            stream.Write(signed);
            stream.Write(SHA256.HashData(signed));
            stream.Flush(flushToDisk: false);
        }

        File.Move(next, path, overwrite: true);
    }
}
