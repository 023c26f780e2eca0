namespace SecureAgent.Backends.Tpm;

/// <summary>Remembers the Name of each parent (TPM 2.0 Part 1, 16), so that nobody on the bus can put another key in
/// its place. Both methods are called on the device's worker.</summary>
internal interface ITpmNamePin
{
    /// <summary>What a person removes to have a new TPM remembered.</summary>
    string Place => "what is remembered of it";

    /// <summary>The Name remembered for <paramref name="parent"/>, or <see langword="null"/> before its first
    /// use.</summary>
    byte[]? Load(TpmParent parent);

    /// <summary>Remembers <paramref name="name"/> at the first use of <paramref name="parent"/>.</summary>
    void Store(TpmParent parent, byte[] name);
}
