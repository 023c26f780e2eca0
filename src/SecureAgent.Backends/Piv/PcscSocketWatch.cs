namespace SecureAgent.Backends.Piv;

/// <summary>Watches for pcscd's socket, which it makes when it starts, in a directory that it makes too.</summary>
internal sealed class PcscSocketWatch : IPcscServiceWatch
{
    private static readonly TimeSpan Unwatched = TimeSpan.FromSeconds(10);

    private readonly ManualResetEventSlim _sign = new();
    private readonly List<FileSystemWatcher> _watchers = [];

    /// <param name="socket">Path of the socket.</param>
    public PcscSocketWatch(string socket)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(socket))!;
        Watch(Path.GetDirectoryName(directory), Path.GetFileName(directory));
        Watch(directory, Path.GetFileName(socket));
    }

    /// <inheritdoc/>
    public void Wait(CancellationToken ct) =>
        _sign.Wait(_watchers is [] ? Unwatched : Timeout.InfiniteTimeSpan, ct);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FileSystemWatcher watcher in _watchers)
        {
            watcher.Dispose();
        }

        _sign.Dispose();
    }

    private void Watch(string? directory, string name)
    {
        if (!Directory.Exists(directory))
        {
            return;
        }

        FileSystemWatcher watcher = new(directory, name)
        {
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName,
        };
        watcher.Created += (_, _) => _sign.Set();
        watcher.Renamed += (_, _) => _sign.Set();
        watcher.Error += (_, _) => _sign.Set();
        try
        {
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            watcher.Dispose(); // no inotify instances left, or the directory has just gone
        }
    }
}
