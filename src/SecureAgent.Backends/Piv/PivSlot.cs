using System.Globalization;
using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>A place for a key on a card, by its key reference (SP 800-73-4 part 1, table 4b). The attestation key f9 is
/// none: it signs nothing but attestations.</summary>
public readonly record struct PivSlot
{
    private const byte FirstRetired = 0x82;
    private const byte LastRetired = 0x95;

    /// <summary>PIV authentication.</summary>
    public static readonly PivSlot Authentication = new(0x9A);

    /// <summary>Digital signature: the PIN each time.</summary>
    public static readonly PivSlot Signature = new(0x9C);

    /// <summary>Key management.</summary>
    public static readonly PivSlot KeyManagement = new(0x9D);

    /// <summary>Card authentication: no PIN.</summary>
    public static readonly PivSlot CardAuthentication = new(0x9E);

    private PivSlot(byte id) => Id = id;

    /// <summary>The key reference.</summary>
    public byte Id { get; }

    /// <summary>All slots, in the order to list them.</summary>
    public static IReadOnlyList<PivSlot> All { get; } =
    [
        Authentication, Signature, KeyManagement, CardAuthentication,
        .. Enumerable.Range(FirstRetired, LastRetired - FirstRetired + 1).Select(id => new PivSlot((byte)id)),
    ];

    /// <summary>Tag of the data object that holds its certificate.</summary>
    internal int CertificateObject => Id switch
    {
        0x9A => 0x5FC105,
        0x9C => 0x5FC10A,
        0x9D => 0x5FC10B,
        0x9E => 0x5FC101,
        _ => 0x5FC10D + (Id - FirstRetired),
    };

    /// <summary>What <see cref="PivPinPolicy.Default"/> means here.</summary>
    public PivPinPolicy DefaultPinPolicy => this == Signature ? PivPinPolicy.Always
        : this == CardAuthentication ? PivPinPolicy.Never
        : PivPinPolicy.Once;

    /// <summary>The slot called <paramref name="text"/>, such as <c>9a</c>.</summary>
    /// <exception cref="BackendException">There is none.</exception>
    public static PivSlot Parse(string text) =>
        byte.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte id)
            && All.FirstOrDefault(slot => slot.Id == id) is { Id: not 0 } found
            ? found
            : throw new BackendException(
                $"\"{text}\" is no slot for keys; 9a, 9c, 9d, 9e and 82 to 95 are.");

    /// <summary>Two hexadecimal digits, such as <c>9a</c>.</summary>
    public override string ToString() => Id.ToString("x2", CultureInfo.InvariantCulture);
}
