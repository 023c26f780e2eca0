using SecureAgent.HwSim.Piv.Commands;

namespace SecureAgent.HwSim.Piv;

/// <summary>The PIV card application (SP 800-73-4 part 2) with Yubico's extensions.</summary>
/// <remarks>
/// To add a command: write <c>private static byte[] Name(PivApplet card, ApduCommand command)</c> in a file of
/// <c>Commands/</c> and add it to that file's <c>All</c>. It ends with the response data, or with
/// <c>throw new CardError(...)</c> before anything was changed.
/// </remarks>
internal sealed class PivApplet(PivState state, TouchSensor touch) : ICardApplet
{
    private static readonly byte[] Aid = Convert.FromHexString("A000000308000010000100");

    // The shortest name: Yubico's tools and OpenSC select by it.
    private const int ShortestAid = 5;

    private static readonly byte[] Properties = Convert.FromHexString("61114F0600001000010079074F05A000000308");

    private static readonly Dictionary<byte, Func<PivApplet, ApduCommand, byte[]>> Handlers = new(
    [
        .. PinCommands.All, .. DataCommands.All, .. KeyCommands.All, .. AuthenticateCommands.All,
        .. AdministrationCommands.All, .. InformationCommands.All,
    ]);

    /// <summary>What survives the loss of power.</summary>
    public PivState State => state;

    /// <summary>What the user has shown since the application was selected.</summary>
    public PivSession Session { get; } = new();

    /// <summary>The metal contact.</summary>
    public TouchSensor Touch => touch;

    /// <inheritdoc/>
    public bool Matches(ReadOnlySpan<byte> aid) => aid.Length >= ShortestAid && Aid.AsSpan().StartsWith(aid);

    /// <summary>Selects the application; what was verified before is forgotten, as on a YubiKey.</summary>
    public byte[] Select()
    {
        Session.Reset();
        return Properties;
    }

    /// <inheritdoc/>
    public void Deselect() => Session.Reset();

    /// <inheritdoc/>
    public byte[] Execute(ApduCommand command)
    {
        // "PIN always" means immediately before (SP 800-73-4 part 1, 3.1.3 and table 4b).
        if (command.Ins != AuthenticateCommands.Instruction)
        {
            Session.PinFresh = false;
        }

        return Handlers.TryGetValue(command.Ins, out Func<PivApplet, ApduCommand, byte[]>? handler)
            ? handler(this, command)
            : throw new CardError(StatusWord.InstructionNotSupported);
    }

    /// <summary>Ends the command unless the management key was authenticated.</summary>
    public void RequireManagement() =>
        CardError.Unless(Session.ManagementAuthenticated, StatusWord.SecurityStatusNotSatisfied);

    /// <summary>The key pair in a slot.</summary>
    /// <exception cref="CardError">6A88: there is none, or it is no slot.</exception>
    public PivKey KeyIn(byte slot)
    {
        if (slot == PivSlot.Attestation)
        {
            PivAttestation.Prepare(state);
        }

        return state.Keys.GetValueOrDefault(slot) ?? throw new CardError(StatusWord.ReferenceDataNotFound);
    }
}
