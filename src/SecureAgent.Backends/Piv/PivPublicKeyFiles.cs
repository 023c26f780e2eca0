using System.Text;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>The <c>NAME.pub</c> files of keys on cards, which are a convenience: the card tells its keys
/// itself.</summary>
public sealed class PivPublicKeyFiles
{
    private readonly string _directory;

    /// <summary>Names the directory; nothing is read or made yet.</summary>
    /// <param name="directory">Where <c>NAME.pub</c> go: <c>~/.ssh</c> as a rule.</param>
    public PivPublicKeyFiles(string directory) => _directory = Path.GetFullPath(directory);

    /// <summary>Path of the public key of <paramref name="name"/>.</summary>
    public string PathOf(string name) => Path.Combine(_directory, name + ".pub");

    /// <summary>Checks that a new key may be called <paramref name="name"/>, before anything is made.</summary>
    /// <param name="name">The name.</param>
    /// <param name="replaced">The key that the new one overwrites, whose file may be replaced.</param>
    /// <exception cref="BackendException">It is no safe name, or the file of another key is there.</exception>
    public void RequireFree(string name, PublicKey? replaced)
    {
        KeyName.Require(name);
        if (File.Exists(PathOf(name)) && (replaced is null || !Holds(name, replaced)))
        {
            throw new BackendException(BackendFailure.Refused,
                $"{PathOf(name)} is there and is the public key of another private key. Choose another name, or move it "
                + "away.");
        }
    }

    /// <summary>Writes the file of a key: one line, LF.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="BackendException">It cannot be written.</exception>
    public string Write(string name, PublicKey key, string comment)
    {
        ArgumentNullException.ThrowIfNull(key);
        KeyName.Require(name);
        KeyFiles.RequireDirectory(_directory);
        KeyFiles.WritePublic(
            PathOf(name), Encoding.UTF8.GetBytes(OpenSshPublicKeyLine.Format(key.Blob, comment) + "\n"));
        return PathOf(name);
    }

    /// <summary>Removes the file of a key, if it is there and is that key's.</summary>
    /// <exception cref="BackendException">It cannot be removed.</exception>
    public void Remove(string name, PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Find(name, key) is string path)
        {
            KeyFiles.Delete(path);
        }
    }

    /// <summary>Path of the file of a key, or <see langword="null"/> if it has none by that name.</summary>
    public string? Find(string name, PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return KeyName.Reason(name) is null && Holds(name, key) ? PathOf(name) : null;
    }

    private bool Holds(string name, PublicKey key)
    {
        if (!File.Exists(PathOf(name)))
        {
            return false;
        }

        try
        {
            byte[] content = KeyFiles.Read(PathOf(name), WireLimits.MaxPublicKeyLineBytes);
            return OpenSshPublicKeyLine.Parse(Encoding.UTF8.GetString(content)).Blob == key.Blob;
        }
        catch (Exception exception) when (exception is WireFormatException or BackendException)
        {
            return false;
        }
    }
}
