namespace SecureAgent.HwSim.Piv;

/// <summary>An application of the card.</summary>
internal interface ICardApplet
{
    /// <summary>Whether <paramref name="aid"/>, which may be cut short, names this application.</summary>
    bool Matches(ReadOnlySpan<byte> aid);

    /// <summary>Becomes the selected application.</summary>
    /// <returns>The answer to SELECT.</returns>
    byte[] Select();

    /// <summary>Is no longer the selected application, or the power went.</summary>
    void Deselect();

    /// <summary>Executes a command other than SELECT and GET RESPONSE.</summary>
    /// <returns>The response data.</returns>
    /// <exception cref="CardError">The command ends with another status than 9000.</exception>
    byte[] Execute(ApduCommand command);
}
