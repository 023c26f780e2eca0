namespace SecureAgent.HwSim.Tpm;

/// <summary>One running command, as its handler sees it: handles resolved, authorizations checked, parameters decrypted.</summary>
internal sealed class CommandContext(
    TpmState tpm, CommandDefinition command, byte locality, uint[] handles, LoadedEntity?[] entities)
{
    /// <summary>The TPM.</summary>
    public TpmState Tpm { get; } = tpm;

    /// <summary>The command's table entry.</summary>
    public CommandDefinition Command { get; } = command;

    /// <summary>The locality that the command came from.</summary>
    public byte Locality { get; } = locality;

    /// <summary>The handle area.</summary>
    public IReadOnlyList<uint> Handles { get; } = handles;

    /// <summary>The command's sessions, in order.</summary>
    public IReadOnlyList<SessionUse> Sessions { get; set; } = [];

    /// <summary>The parameter area.</summary>
    public TpmReader In { get; set; } = new([]);

    /// <summary>The response parameters.</summary>
    public TpmWriter Out { get; } = new();

    /// <summary>The handle in the response, for commands that return one.</summary>
    public uint ResponseHandle { get; set; }

    /// <summary>Handle <paramref name="number"/>, counted from 1.</summary>
    public uint Handle(int number) => handles[number - 1];

    /// <summary>What handle <paramref name="number"/> (counted from 1) names in an object slot, or <see langword="null"/>.</summary>
    public LoadedEntity? Entity(int number) => entities[number - 1];

    /// <summary>The object that handle <paramref name="number"/> (counted from 1) names.</summary>
    /// <exception cref="TpmError">TPM_RC_TYPE for a sequence object.</exception>
    public TpmObject Object(int number) => entities[number - 1] as TpmObject ?? throw TPM_RC_TYPE.Handle(number);
}
