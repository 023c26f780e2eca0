using SecureAgent.Backends.Piv;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli.Tokens;

/// <summary>What is said of tokens and their keys.</summary>
internal static class TokenText
{
    /// <summary>A weakness in one line.</summary>
    public static string Of(PivWeakness weakness) =>
        $"{weakness.Subject}: {weakness.Text}{(weakness.Link is null ? "" : $" {weakness.Link}")}";

    /// <summary>The name of a management key's algorithm.</summary>
    public static string Of(PivAlgorithm managementKey) => managementKey switch
    {
        PivAlgorithm.TDES => "3des",
        PivAlgorithm.AES_128 => "aes-128",
        PivAlgorithm.AES_192 => "aes-192",
        PivAlgorithm.AES_256 => "aes-256",
        _ => "unknown",
    };

    /// <summary>When a key wants the PIN.</summary>
    public static string Of(PivPinPolicy policy) => policy.ToString().ToLowerInvariant();

    /// <summary>When a key wants a touch.</summary>
    public static string Of(PivTouchPolicy policy) => policy.ToString().ToLowerInvariant();

    /// <summary>What a key's use needs, as in "PIN each time, touch".</summary>
    public static string Needs(PivKey key)
    {
        string pin = key.PinPolicy switch
        {
            PivPinPolicy.Never => "no PIN",
            PivPinPolicy.Always => "PIN each time",
            _ => "PIN",
        };
        return key.TouchPolicy is PivTouchPolicy.Always or PivTouchPolicy.Cached ? $"{pin}, touch" : pin;
    }

    /// <summary>A key for JSON.</summary>
    public static KeyOutput Describe(PivKey key, PivPublicKeyFiles files) => new()
    {
        Name = key.CommonName ?? key.Reference,
        Type = PivKeyTypes.NameOf(key.Algorithm),
        In = "piv",
        Fingerprint = key.PublicKey?.Fingerprint,
        Comment = key.Comment,
        Pin = key.PinPolicy != PivPinPolicy.Never,
        PublicKeyFile = key is { PublicKey: not null, CommonName: string name } ? files.Find(name, key.PublicKey) : null,
        Reference = key.Reference,
        PinPolicy = Of(key.PinPolicy),
        TouchPolicy = Of(key.TouchPolicy),
        Origin = key.Origin.ToString().ToLowerInvariant(),
        Problem = key.Problem ?? (key.PublicKey is null ? "The token does not tell its public key." : null),
    };

    /// <summary>A token for JSON.</summary>
    public static TokenOutput Describe(PivTokenListing listing, PivPublicKeyFiles files) => listing.Info is PivTokenInfo info
        ? Describe(info, files)
        : new TokenOutput { Reader = listing.Reader, Problem = listing.Problem };

    /// <summary>A token for JSON.</summary>
    public static TokenOutput Describe(PivTokenInfo info, PivPublicKeyFiles files) => new()
    {
        Reader = info.Token.Reader,
        Id = info.Token.Id,
        Name = info.Token.Name,
        Firmware = info.Token.Firmware?.ToString(),
        PinTriesLeft = info.PinTriesLeft,
        PinIsDefault = info.Pin?.IsDefault,
        PukTriesLeft = info.Puk?.TriesLeft,
        PukIsDefault = info.Puk?.IsDefault,
        ManagementKey = Of(info.ManagementKeyAlgorithm),
        ManagementKeyIsDefault = info.IsManagementKeyDefault,
        ManagementKeyIsStored = info.IsManagementKeyStored,
        Keys = [.. info.Token.Keys.Select(key => Describe(key, files))],
        Weaknesses = [.. info.Weaknesses.Select(Of)],
    };

    /// <summary>A token in one line.</summary>
    public static string Line(TokenOutput token)
    {
        if (token.Id is null)
        {
            return $"{token.Reader}: {token.Problem}";
        }

        string firmware = token.Firmware is null ? "" : $", firmware {token.Firmware}";
        string tries = token.PinTriesLeft switch
        {
            null => "",
            0 => "; the PIN is blocked (secure-agent token unblock)",
            1 => "; one more wrong PIN blocks it",
            int left => $"; takes {left} more wrong PINs",
        };
        string keys = token.Keys.Count == 1 ? "1 key" : $"{token.Keys.Count} keys";
        return $"{token.Name}{firmware}, {keys}{tries}; in {token.Reader}";
    }
}
