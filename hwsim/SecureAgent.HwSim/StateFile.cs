using System.Security.Cryptography;

namespace SecureAgent.HwSim;

/// <summary>A file that is replaced as a whole, with a checksum.</summary>
/// <param name="path">Where it is.</param>
/// <param name="magic">What it begins with; no other device's file does.</param>
/// <param name="device">Whose state it is, as in "TPM", for messages.</param>
internal sealed class StateFile(string path, byte[] magic, string device)
{
    /// <summary>The content, or <see langword="null"/> if there is no file.</summary>
    /// <exception cref="InvalidDataException">It is not a state file, or it is damaged.</exception>
    public byte[]? Read()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] all = File.ReadAllBytes(path);
        int content = all.Length - magic.Length - SHA256.HashSizeInBytes;
        bool intact = content >= 0 && all.AsSpan().StartsWith(magic)
            && SHA256.HashData(all.AsSpan(0, magic.Length + content)).AsSpan()
                .SequenceEqual(all.AsSpan(magic.Length + content));
        return intact
            ? all.AsSpan(magic.Length, content).ToArray()
            : throw new InvalidDataException($"{path} is not the state of a simulated {device}, or is damaged: "
                + $"remove it to start with a new {device}.");
    }

    /// <summary>Replaces the file: a reader sees the old content or the new one.</summary>
    public void Write(byte[] content)
    {
        string next = path + ".new";
        byte[] signed = [.. magic, .. content];
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
