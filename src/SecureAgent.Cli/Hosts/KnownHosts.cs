using System.Text;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Hosts;

/// <summary>Host names of the known_hosts files of ssh. Files are read at the first question and again when they have
/// changed, which is looked at once a second at most and only when something is asked. Thread-safe.</summary>
internal sealed class KnownHosts : IHostNames
{
    /// <summary>Largest file that is read: some 50,000 hosts.</summary>
    public const int MaxFileBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<string> _paths;
    private readonly IAgentLog _log;
    private readonly TimeProvider _time;
    private readonly Lock _reading = new();
    private volatile Content? _content;

    /// <summary>Creates it; nothing is read yet.</summary>
    /// <param name="paths">The files, in the order of names; they need not be there.</param>
    /// <param name="log">Hears of files that cannot be read.</param>
    /// <param name="time">The clock.</param>
    public KnownHosts(IReadOnlyList<string> paths, IAgentLog log, TimeProvider time) =>
        (_paths, _log, _time) = (paths, log, time);

    /// <summary>The files that ssh reads unless its configuration names others.</summary>
    /// <param name="home">The user's home directory.</param>
    public static IReadOnlyList<string> DefaultPaths(string home)
    {
        string user = Path.Combine(home, ".ssh");
        string machine = OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ssh")
            : "/etc/ssh";
        return
        [
            Path.Combine(user, "known_hosts"),
            Path.Combine(user, "known_hosts2"),
            Path.Combine(machine, "ssh_known_hosts"),
            Path.Combine(machine, "ssh_known_hosts2"),
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> NamesOf(KeyBlob hostKey)
    {
        KnownHostsIndex index = Current();
        Certificate? certificate = CertificateOf(hostKey);
        IEnumerable<string> certified = AuthoritiesOf(index, certificate).SelectMany(
            line => certificate!.ValidPrincipals.Where(line.IsFor)); // There are none without a certificate.
        IEnumerable<string> plain =
            LinesOf(index, certificate?.PublicKey.Blob ?? hostKey).SelectMany(line => line.Names);
        return [.. certified.Concat(plain).Distinct().OrderBy(IsPattern)];
    }

    /// <inheritdoc/>
    public bool Matches(KeyBlob hostKey, string pattern)
    {
        KnownHostsIndex index = Current();
        Certificate? certificate = CertificateOf(hostKey);
        return LinesOf(index, certificate?.PublicKey.Blob ?? hostKey).Any(line => Matches(line, line.Names, pattern))
            || AuthoritiesOf(index, certificate).Any(line => Matches(line, certificate!.ValidPrincipals, pattern));
    }

    /// <summary>Whether there is a host that <paramref name="pattern"/> means, the line is for, and one of the names
    /// is.</summary>
    private static bool Matches(KnownHostsLine line, IEnumerable<string> names, string pattern)
    {
        // A hashed line has no names, and is found by a plain one.
        return line.Marker == KnownHostsMarker.None && !IsPattern(pattern)
            ? line.IsFor(pattern)
            : names.Any(name =>
                (Fits(name, pattern) && line.IsFor(pattern)) || (Fits(pattern, name) && line.IsFor(name)));
    }

    private static bool Fits(string pattern, string name) =>
        WildcardPattern.Matches(pattern.ToLowerInvariant(), name.ToLowerInvariant());

    private static bool IsPattern(string name) => name.AsSpan().ContainsAny('*', '?');

    private static Certificate? CertificateOf(KeyBlob hostKey)
    {
        try
        {
            return CertificateKeyType.IsCertificate(hostKey) ? Certificate.Decode(hostKey) : null;
        }
        catch (WireFormatException)
        {
            return null; // As it stands it is in no file.
        }
    }

    private static IReadOnlyList<KnownHostsLine> LinesOf(KnownHostsIndex index, KeyBlob key) =>
        index.IsRevoked(key) ? [] : index.OfHost(key);

    // Without one, ssh takes the plain key in the certificate.
    private IReadOnlyList<KnownHostsLine> AuthoritiesOf(KnownHostsIndex index, Certificate? certificate)
    {
        if (certificate is null || index.IsRevoked(certificate.PublicKey.Blob)
            || index.IsRevoked(certificate.SignatureKey.Blob))
        {
            return [];
        }

        IReadOnlyList<KnownHostsLine> lines = index.OfAuthority(certificate.SignatureKey.Blob);
        return lines.Count > 0 && HostCertificate.IsValid(certificate, _time.GetUtcNow()) ? lines : [];
    }

    private KnownHostsIndex Current()
    {
        Content? content = _content;
        if (content is not null && _time.GetElapsedTime(content.LookedAt) < LookInterval)
        {
            return content.Index;
        }

        lock (_reading)
        {
            content = _content;
            if (content is null || _time.GetElapsedTime(content.LookedAt) >= LookInterval)
            {
                _content = content = Look(content);
            }

            return content.Index;
        }
    }

    private Content Look(Content? before)
    {
        long now = _time.GetTimestamp();
        // Looked at before reading: what changes meanwhile is seen the next time.
        FileStamp[] stamps = [.. _paths.Select(FileStamp.Of)];
        return before is not null && stamps.AsSpan().SequenceEqual(before.Stamps)
            ? before with { LookedAt = now }
            : new Content(Read(stamps), stamps, now);
    }

    private KnownHostsIndex Read(FileStamp[] stamps)
    {
        KnownHostsIndex index = new();
        for (int i = 0; i < stamps.Length; i++)
        {
            try
            {
                if (stamps[i].Length > MaxFileBytes)
                {
                    throw new IOException($"it is larger than {MaxFileBytes} bytes");
                }

                // What is no regular file has no length, and could be read for ever.
                if (stamps[i].Length > 0)
                {
                    index.Add(Encoding.UTF8.GetString(ReadFile(_paths[i])));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _log.Write(new AgentEvent(AgentEventLevel.Warning, "known-hosts",
                    $"{_paths[i]} is not used: {e.Message}. Hosts that only it knows have no names."));
            }
        }

        return index;
    }

    private static ReadOnlySpan<byte> ReadFile(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
        byte[] bytes = new byte[Math.Min(file.Length, MaxFileBytes)];
        return bytes.AsSpan(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
    }

    /// <summary>What was read, and when it was last known to be what the files say.</summary>
    private sealed record Content(KnownHostsIndex Index, FileStamp[] Stamps, long LookedAt);

    /// <summary>What changes when a file does; both are 0 if there is none.</summary>
    private readonly record struct FileStamp(long Length, long Ticks)
    {
        public static FileStamp Of(string path)
        {
            try
            {
                FileInfo file = new(path);
                // Of a symbolic link the platform tells the link's own size and time.
                FileInfo? target = file.Exists && file.LinkTarget is not null
                    ? (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true)
                    : file;
                return target is { Exists: true }
                    ? new FileStamp(target.Length, target.LastWriteTimeUtc.Ticks)
                    : default;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return default;
            }
        }
    }
}
