namespace SecureAgent.HwSim.Tpm;

/// <summary>What the dispatcher must know of a command; the flags are those of TPMA_CC (Part 2, 8.9) and of Part 3's tables.</summary>
internal sealed record CommandDefinition(TPM_CC Code, Action<CommandContext> Run, params HandleSlot[] Handles)
{
    /// <summary>The response has a handle area: the handler sets <see cref="CommandContext.ResponseHandle"/>.</summary>
    public bool ReturnsHandle { get; init; }

    /// <summary>The first command parameter is a TPM2B, so a decrypt session may be used.</summary>
    public bool DecryptFirst { get; init; }

    /// <summary>The first response parameter is a TPM2B, so an encrypt session may be used.</summary>
    public bool EncryptFirst { get; init; }

    /// <summary>No session of any kind may be given.</summary>
    public bool NoSessions { get; init; }

    /// <summary>The command may write non-volatile memory.</summary>
    public bool Nv { get; init; }

    /// <summary>The command may flush any number of loaded contexts.</summary>
    public bool Extensive { get; init; }

    /// <summary>The context of a transient handle of this command is flushed.</summary>
    public bool Flushed { get; init; }

    /// <summary>TPMA_CC.</summary>
    public uint Attributes =>
        (uint)Code | (Nv ? 1u << 22 : 0) | (Extensive ? 1u << 23 : 0) | (Flushed ? 1u << 24 : 0)
        | ((uint)Handles.Length << 25) | (ReturnsHandle ? 1u << 28 : 0);
}
