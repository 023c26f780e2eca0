using SecureAgent.Wire;

namespace SecureAgent.Cli.Hosts;

/// <summary>The lines of all known_hosts files, by key.</summary>
internal sealed class KnownHostsIndex
{
    private static readonly List<KnownHostsLine> NoLines = [];

    private readonly Dictionary<KeyBlob, List<KnownHostsLine>> _hosts = [];
    private readonly Dictionary<KeyBlob, List<KnownHostsLine>> _authorities = [];
    private readonly HashSet<KeyBlob> _revoked = [];

    /// <summary>Adds the lines of one file.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        foreach (Range range in text.Split('\n'))
        {
            if (text[range].Length <= WireLimits.MaxPublicKeyLineBytes
                && KnownHostsLine.Parse(text[range]) is { } line)
            {
                Add(line);
            }
        }
    }

    /// <summary>Whether a line revokes <paramref name="key"/>, for whatever host.</summary>
    public bool IsRevoked(KeyBlob key) => _revoked.Contains(key);

    /// <summary>The lines of a host key, in the order of the files.</summary>
    public IReadOnlyList<KnownHostsLine> OfHost(KeyBlob key) => _hosts.GetValueOrDefault(key, NoLines);

    /// <summary>The lines of a certificate authority, in the order of the files.</summary>
    public IReadOnlyList<KnownHostsLine> OfAuthority(KeyBlob key) => _authorities.GetValueOrDefault(key, NoLines);

    private void Add(KnownHostsLine line)
    {
        if (line.Marker == KnownHostsMarker.Revoked)
        {
            _revoked.Add(line.Key);
            return;
        }

        Dictionary<KeyBlob, List<KnownHostsLine>> lines =
            line.Marker == KnownHostsMarker.CertAuthority ? _authorities : _hosts;
        if (!lines.TryGetValue(line.Key, out List<KnownHostsLine>? ofKey))
        {
            lines[line.Key] = ofKey = [];
        }

        ofKey.Add(line);
    }
}
