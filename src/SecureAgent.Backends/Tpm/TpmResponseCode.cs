using System.Globalization;

namespace SecureAgent.Backends.Tpm;

/// <summary>A TPM's response code: TPM_RC with the number of the handle, parameter or session it is about
/// (TPM 2.0 Part 2, 6.6).</summary>
/// <param name="Value">The 32 bits of the response header. Bits 16 to 23 name the layer that made the code where it was
/// not the TPM, such as the kernel's resource manager.</param>
public readonly record struct TpmResponseCode(uint Value)
{
    private const uint FormatOne = 0x080;
    private const uint Parameter = 0x040;
    private const uint Session = 0x800;

    /// <summary>The code without its number.</summary>
    public TPM_RC Code => (TPM_RC)((Value & FormatOne) != 0 ? Value & 0x0BF : Value & 0xFFF);

    /// <summary>Whether this is <paramref name="code"/>, whatever handle, parameter or session it is about.</summary>
    public bool Is(TPM_RC code) => code == TPM_RC.SUCCESS ? Value == 0 : Code == code;

    /// <summary>Whether the code says that something loaded is not there any more.</summary>
    internal bool IsStale =>
        Code is (>= TPM_RC.REFERENCE_H0 and <= TPM_RC.REFERENCE_H6)
            or (>= TPM_RC.REFERENCE_S0 and <= TPM_RC.REFERENCE_S6) or TPM_RC.INITIALIZE;

    /// <summary>Whether a code says that the TPM's slots are full.</summary>
    internal bool IsCrowded =>
        Is(TPM_RC.OBJECT_MEMORY) || Is(TPM_RC.OBJECT_HANDLES) || Is(TPM_RC.MEMORY)
        || Is(TPM_RC.SESSION_MEMORY) || Is(TPM_RC.SESSION_HANDLES);

    /// <summary>The code as a person reads it, such as <c>TPM_RC_AUTH_FAIL (session 1)</c>.</summary>
    public override string ToString()
    {
        string name = Enum.IsDefined(Code)
            ? "TPM_RC_" + Code
            : "TPM_RC 0x" + Value.ToString("X3", CultureInfo.InvariantCulture);
        string subject = Subject;
        return subject.Length == 0 ? name : $"{name} ({subject})";
    }

    /// <summary>What the code means, as a clause.</summary>
    public string Meaning => TpmResponseCodeText.Of(Code) ?? "a code that the specification does not name";

    // Format one: bit 6 set = parameter N (bits 8 to 11); clear and bit 11 set = session N (bits 8 to 10); else handle
    // N.
    private string Subject
    {
        get
        {
            if ((Value & FormatOne) == 0)
            {
                return "";
            }

            uint number = (Value >> 8) & 0xF;
            if ((Value & Parameter) != 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"parameter {number}");
            }

            return (Value & Session) != 0
                ? string.Create(CultureInfo.InvariantCulture, $"session {number & 7}")
                : number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"handle {number}");
        }
    }
}
