using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>What Yubico's programs write about the management key (object 5FFF00: <c>80{81 flags, 82 salt, 83 time of
/// the last change of the PIN}</c>), so that they and this program understand each other.</summary>
/// <param name="Flags">1: the PUK is blocked. 2: the management key is stored on the card, and the PIN opens
/// it.</param>
/// <param name="Salt">Where the management key is derived from the PIN, which is the old way.</param>
/// <param name="PinTime">When the PIN was changed last, as it stands there.</param>
internal sealed record PivmanData(byte Flags, ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> PinTime)
{
    private const int Object = 0x5FFF00;
    private const byte PukBlockedFlag = 1;
    private const byte StoredKeyFlag = 2;

    // Printed information, which the card gives only after the PIN: 88{89 key}.
    private const int ProtectedObject = 0x5FC109;

    /// <summary>Whether the PUK was blocked on purpose.</summary>
    public bool IsPukBlocked => (Flags & PukBlockedFlag) != 0;

    /// <summary>Whether the management key is stored on the card, and the PIN opens it.</summary>
    public bool HasStoredKey => (Flags & StoredKeyFlag) != 0;

    /// <summary>Whether the management key is derived from the PIN.</summary>
    public bool HasDerivedKey => !Salt.IsEmpty;

    /// <summary>Reads it; a card without it has none of all that.</summary>
    public static PivmanData Read(PivCommands commands)
    {
        if (commands.ReadObject(Object) is not byte[] content)
        {
            return new PivmanData(0, default, default);
        }

        ReadOnlySpan<byte> fields = new TlvReader(content).Read(0x80);
        return new PivmanData(
            TlvReader.TryFind(fields, 0x81, out ReadOnlySpan<byte> flags) && !flags.IsEmpty ? flags[0] : (byte)0,
            TlvReader.TryFind(fields, 0x82, out ReadOnlySpan<byte> salt) ? salt.ToArray() : default,
            TlvReader.TryFind(fields, 0x83, out ReadOnlySpan<byte> time) ? time.ToArray() : default);
    }

    /// <summary>The same, with a management key that is stored or not, and in no case derived.</summary>
    public PivmanData With(bool hasStoredKey) => this with
    {
        Flags = (byte)((Flags & ~StoredKeyFlag) | (hasStoredKey ? StoredKeyFlag : 0)),
        Salt = default,
    };

    /// <summary>Writes it. Needs the management key.</summary>
    public void Write(PivCommands commands)
    {
        Span<byte> fields = stackalloc byte[64];
        TlvWriter writer = new(fields);
        writer.Write(0x81, Flags);
        if (PinTime.Length is > 0 and <= 8)
        {
            writer.Write(0x83, PinTime.Span);
        }

        Span<byte> content = stackalloc byte[80];
        TlvWriter outer = new(content);
        outer.Write(0x80, writer.Written);
        commands.WriteObject(Object, outer.Written);
    }

    /// <summary>Reads the stored management key. Needs the PIN.</summary>
    /// <returns>The key, which the caller disposes.</returns>
    /// <exception cref="PivException">There is none.</exception>
    public static Secret ReadStoredKey(PivCommands commands, ISecretMemory memory)
    {
        byte[] content = commands.ReadObject(ProtectedObject) ?? throw NoKey();
        try
        {
            commands.Clear();
            ReadOnlySpan<byte> fields = new TlvReader(content).Read(0x88);
            if (!TlvReader.TryFind(fields, 0x89, out ReadOnlySpan<byte> key) || key.IsEmpty)
            {
                throw NoKey();
            }

            Secret secret = memory.Allocate(key.Length);
            key.CopyTo(secret.Span);
            return secret;
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Writes the stored management key, or with an empty <paramref name="key"/> takes it away. Needs the
    /// management key.</summary>
    public static void WriteStoredKey(PivCommands commands, ReadOnlySpan<byte> key)
    {
        Span<byte> content = stackalloc byte[4 + 32];
        TlvWriter writer = new(content);
        writer.WriteHeader(0x88, key.IsEmpty ? 0 : 2 + key.Length);
        if (!key.IsEmpty)
        {
            writer.Write(0x89, key);
        }

        commands.WriteObject(ProtectedObject, writer.Written);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(content);
    }

    private static PivException NoKey() => new(
        "The card says that its management key is stored behind the PIN, but it is not there. Give the key itself.");
}
