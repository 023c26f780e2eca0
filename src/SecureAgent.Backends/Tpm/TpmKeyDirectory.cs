using System.Text;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Tpm;

/// <summary>The directory of TPM key files: <c>NAME.tpm</c>, beside it <c>NAME-cert.pub</c> if the key has a
/// certificate, and in the directory of public keys <c>NAME.pub</c>. Other programs may change it at any
/// time.</summary>
public sealed class TpmKeyDirectory : IDisposable
{
    private const string KeyExtension = ".tpm";
    private const string CertificateSuffix = "-cert.pub";
    private const string PublicExtension = ".pub";

    // One change by an editor or a package is several events; a person does not notice the wait.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private FileSystemWatcher? _watcher;
    private ITimer? _settled;

    /// <summary>Names a directory; nothing is read or made yet.</summary>
    /// <param name="path">Where <c>NAME.tpm</c> are.</param>
    /// <param name="publicKeyPath">Where <c>NAME.pub</c> go: <c>~/.ssh</c> as a rule, or <paramref
    /// name="path"/>.</param>
    /// <param name="log">Told when the directory cannot be watched.</param>
    /// <param name="time">The clock.</param>
    public TpmKeyDirectory(string path, string publicKeyPath, IAgentLog log, TimeProvider time)
    {
        Path = System.IO.Path.GetFullPath(path);
        PublicKeyPath = System.IO.Path.GetFullPath(publicKeyPath);
        _log = log;
        _time = time;
    }

    /// <summary>Raised some time after something in the directory changed, on a pool thread. Only after <see
    /// cref="Watch"/>.</summary>
    public event EventHandler? Changed;

    /// <summary>Where <c>NAME.tpm</c> are.</summary>
    public string Path { get; }

    /// <summary>Where <c>NAME.pub</c> go.</summary>
    public string PublicKeyPath { get; }

    /// <summary>Where a <see cref="TpmParentNameFile"/> for these keys goes. It is removed with the last key.</summary>
    public string ParentNamesPath => System.IO.Path.Combine(Path, ".parents");

    /// <summary>Every key, unusable ones included, by name. An absent directory has none.</summary>
    /// <exception cref="BackendException">The directory cannot be read.</exception>
    public IReadOnlyList<TpmKeyEntry> List()
    {
        try
        {
            if (!Directory.Exists(Path))
            {
                return [];
            }

            // '*.tpm' would match more on systems with short names.
            return [.. Directory.EnumerateFiles(Path)
                .Select(file => System.IO.Path.GetFileName(file))
                .Where(file => file.EndsWith(KeyExtension, StringComparison.Ordinal) && !file.StartsWith('.'))
                .Select(file => file[..^KeyExtension.Length])
                .Order(StringComparer.Ordinal)
                .Select(Read)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(BackendFailure.Refused,
                $"The key directory {Path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Whether there is a key called <paramref name="name"/>, usable or not.</summary>
    public bool Has(string name) => KeyName.Reason(name) is null && File.Exists(KeyPath(name));

    /// <summary>The key called <paramref name="name"/>, usable or not.</summary>
    /// <exception cref="BackendException">There is none (<see cref="BackendFailure.DeviceAbsent"/>).</exception>
    public TpmKeyEntry Get(string name)
    {
        KeyName.Require(name);
        return File.Exists(KeyPath(name))
            ? Read(name)
            : throw new BackendException(BackendFailure.DeviceAbsent,
                $"There is no key {name} in {Path}. secure-agent key list shows the keys there are.");
    }

    /// <summary>Checks that a new key may be called <paramref name="name"/>, before anything is made.</summary>
    /// <param name="name">The name.</param>
    /// <param name="replacePublicKey">Whether a <c>NAME.pub</c> of another key may be replaced.</param>
    /// <exception cref="BackendException">It is no safe name, or is taken.</exception>
    public void RequireFree(string name, bool replacePublicKey = false)
    {
        KeyName.Require(name);
        if (File.Exists(KeyPath(name)))
        {
            throw new BackendException(BackendFailure.Refused,
                $"There is already a key {name} in {Path}. Choose another name, or remove it: "
                + $"secure-agent key remove {name}");
        }

        if (File.Exists(CertificatePath(name)))
        {
            throw new BackendException(BackendFailure.Refused,
                $"{CertificatePath(name)} is there and belongs to another key. Move it away or choose another name.");
        }

        if (!replacePublicKey && File.Exists(PublicPath(name)))
        {
            throw PublicKeyTaken(name);
        }
    }

    /// <summary>Writes a new key: <c>NAME.tpm</c>, then <c>NAME.pub</c>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="file">The key file.</param>
    /// <param name="replacePublicKey">Whether a <c>NAME.pub</c> of another key may be replaced.</param>
    /// <returns>The key as it is listed from now on.</returns>
    /// <exception cref="BackendException">The name is taken, the file is no key for SSH, or it cannot be written; then
    /// nothing was changed, but for a failure with <c>NAME.pub</c> alone, which the message tells.</exception>
    public TpmKeyEntry Write(string name, Tss2PrivateKeyFile file, bool replacePublicKey = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        RequireFree(name, replacePublicKey);
        (PublicKey key, _) =
            TpmKeyReader.PublicKeyOf(file, new TpmKeyBlobs(file.PublicKey, file.PrivateKey), KeyPath(name));
        KeyFiles.RequireDirectory(Path);
        KeyFiles.RequireDirectory(PublicKeyPath);
        KeyFiles.WritePrivate(KeyPath(name), file.Encode(), overwrite: false);
        TpmKeyEntry entry = Read(name);
        try
        {
            KeyFiles.WritePublic(PublicPath(name), PublicLine(key, entry.Comment));
        }
        catch (BackendException exception)
        {
            throw new BackendException(
                exception.Failure, $"The key {name} is in {KeyPath(name)}, but its public key was not "
                + $"written: {exception.Message} Later: secure-agent pub {name} > {PublicPath(name)}", exception);
        }

        return entry;
    }

    /// <summary>Gives a key another name, with its certificate and its <c>NAME.pub</c>.</summary>
    /// <exception cref="BackendException">There is no such key, or the new name is no safe name or is
    /// taken.</exception>
    public void Rename(string name, string newName)
    {
        TpmKeyEntry entry = Get(name);
        RequireFree(newName);
        bool hasPublicKey = IsOwnPublicKey(entry);
        KeyFiles.Rename(entry.Path, KeyPath(newName));
        if (File.Exists(CertificatePath(name)))
        {
            KeyFiles.Rename(CertificatePath(name), CertificatePath(newName));
        }

        if (hasPublicKey)
        {
            KeyFiles.Rename(PublicPath(name), PublicPath(newName));
        }
    }

    /// <summary>Removes a key with its certificate and, if it is its own, its <c>NAME.pub</c>. The key is gone for
    /// good.</summary>
    /// <exception cref="BackendException">There is no such key, or a file cannot be removed.</exception>
    public void Remove(string name)
    {
        TpmKeyEntry entry = Get(name);
        bool hasPublicKey = IsOwnPublicKey(entry);
        KeyFiles.Delete(entry.Path);
        KeyFiles.Delete(CertificatePath(name));
        if (hasPublicKey)
        {
            KeyFiles.Delete(PublicPath(name));
        }

        if (List().Count == 0)
        {
            KeyFiles.Delete(ParentNamesPath);
        }
    }

    /// <summary>Puts a certificate beside a key, in place of one that is there.</summary>
    /// <param name="name">The key.</param>
    /// <param name="certificate">Content of a <c>-cert.pub</c> file.</param>
    /// <param name="fileName">What to call it in an error.</param>
    /// <exception cref="BackendException">It is no certificate, or not one of this key.</exception>
    public Certificate AttachCertificate(string name, ReadOnlySpan<byte> certificate, string fileName)
    {
        TpmKeyEntry entry = Get(name);
        // Broken has no key.
        PublicKey key = entry.PublicKey ?? throw new BackendException(BackendFailure.Refused, entry.Broken!);
        Certificate parsed = TpmKeyReader.ParseCertificate(certificate, fileName, key);
        string line = OpenSshPublicKeyLine.Format(parsed.Blob, entry.Comment) + "\n";
        KeyFiles.WritePublic(CertificatePath(name), Encoding.UTF8.GetBytes(line));
        return parsed;
    }

    /// <summary>The authorized_keys line of a key: one line, LF.</summary>
    public static byte[] PublicLine(PublicKey key, string comment)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Encoding.UTF8.GetBytes(OpenSshPublicKeyLine.Format(key.Blob, comment) + "\n");
    }

    /// <summary>Path of the public key of <paramref name="name"/>.</summary>
    public string PublicPath(string name) => System.IO.Path.Combine(PublicKeyPath, name + PublicExtension);

    /// <summary>Begins to raise <see cref="Changed"/>; makes the directory if it is not there. Costs nothing while
    /// nothing changes. Where the system cannot watch, the log says so and keys are read once.</summary>
    public void Watch()
    {
        if (_watcher is not null)
        {
            return;
        }

        try
        {
            KeyFiles.RequireDirectory(Path);
            _settled = _time.CreateTimer(_ => Changed?.Invoke(this, EventArgs.Empty), null,
                Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _watcher = new FileSystemWatcher(Path)
            {
                NotifyFilter =
                    NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.Attributes,
            };
            _watcher.Created += OnFileEvent;
            _watcher.Changed += OnFileEvent;
            _watcher.Deleted += OnFileEvent;
            _watcher.Renamed += OnFileEvent;
            _watcher.Error += (_, _) => _settled.Change(Settle, Timeout.InfiniteTimeSpan);
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception exception) when (exception is BackendException or IOException)
        {
            _log.Write(new AgentEvent(AgentEventLevel.Warning, "keys",
                $"Changes in {Path} are not noticed: {exception.Message} Restart the agent after a change."));
        }
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        _watcher?.Dispose();
        _settled?.Dispose();
    }

    private void OnFileEvent(object sender, FileSystemEventArgs change)
    {
        // What is renamed into place or gone is complete: who makes a key and uses it at once must find it. What another
        // program writes in place is read when it has settled. Files that start with a dot are ones being written.
        if (change.ChangeType is WatcherChangeTypes.Renamed or WatcherChangeTypes.Deleted)
        {
            Changed?.Invoke(this, EventArgs.Empty);
        }
        else if (change.Name is null || !change.Name.StartsWith('.'))
        {
            _settled?.Change(Settle, Timeout.InfiniteTimeSpan);
        }
    }

    private TpmKeyEntry Read(string name) => TpmKeyReader.Read(name, KeyPath(name), CertificatePath(name));

    private string KeyPath(string name) => System.IO.Path.Combine(Path, name + KeyExtension);

    private string CertificatePath(string name) => System.IO.Path.Combine(Path, name + CertificateSuffix);

    private bool IsOwnPublicKey(TpmKeyEntry entry)
    {
        string path = PublicPath(entry.Name);
        if (entry.PublicKey is null || !File.Exists(path))
        {
            return false;
        }

        try
        {
            byte[] content = KeyFiles.Read(path, WireLimits.MaxPublicKeyLineBytes);
            return OpenSshPublicKeyLine.Parse(Encoding.UTF8.GetString(content)).Blob == entry.PublicKey.Blob;
        }
        catch (Exception exception) when (exception is WireFormatException or BackendException)
        {
            return false;
        }
    }

    private BackendException PublicKeyTaken(string name) => new(BackendFailure.Refused,
        $"{PublicPath(name)} is there and is the public key of another private key. Choose another name, move it away, "
        + "or let --force replace it.");
}
