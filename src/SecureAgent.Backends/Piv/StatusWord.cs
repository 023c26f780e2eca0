namespace SecureAgent.Backends.Piv;

/// <summary>SW1 SW2, with which a card ends every response (ISO 7816-4, 5.6; SP 800-73-4 part 2, 3).</summary>
/// <param name="Value">SW1 in the upper byte.</param>
public readonly record struct StatusWord(ushort Value)
{
    /// <summary>It was done.</summary>
    public static readonly StatusWord Success = new(0x9000);

    /// <summary>The PIN is not verified, or nobody touched the token.</summary>
    public static readonly StatusWord SecurityStatusNotSatisfied = new(0x6982);

    /// <summary>The PIN or PUK is blocked.</summary>
    public static readonly StatusWord AuthenticationMethodBlocked = new(0x6983);

    /// <summary>Not in this state.</summary>
    public static readonly StatusWord ConditionsNotSatisfied = new(0x6985);

    /// <summary>The data cannot be right.</summary>
    public static readonly StatusWord IncorrectData = new(0x6A80);

    /// <summary>There is no such application, object or key.</summary>
    public static readonly StatusWord NotFound = new(0x6A82);

    /// <summary>There is no room.</summary>
    public static readonly StatusWord NotEnoughMemory = new(0x6A84);

    /// <summary>Wrong P1 or P2: as a rule there is no such slot or algorithm.</summary>
    public static readonly StatusWord IncorrectParameters = new(0x6A86);

    /// <summary>There is no such reference data.</summary>
    public static readonly StatusWord ReferenceNotFound = new(0x6A88);

    /// <summary>The selected application has no such command.</summary>
    public static readonly StatusWord InstructionNotSupported = new(0x6D00);

    /// <summary>Whether it was done.</summary>
    public bool IsSuccess => this == Success;

    /// <summary>How many more wrong PINs are taken, where the card says it (63Cx, 6983).</summary>
    public int? TriesLeft =>
        (Value & 0xFFF0) == 0x63C0 ? Value & 0xF : this == AuthenticationMethodBlocked ? 0 : null;

    /// <summary>Whether an answer of this kind can mean that another program has selected another application, or reset
    /// the card's state.</summary>
    internal bool MayBeDeselected => (Value >> 8) is 0x69 or 0x6A or 0x6B or 0x6D or 0x6E;

    /// <summary>Four hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("X4", System.Globalization.CultureInfo.InvariantCulture);
}
