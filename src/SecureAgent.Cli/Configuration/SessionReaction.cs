namespace SecureAgent.Cli.Configuration;

/// <summary>What the agent does when the person leaves the machine. Locking with a passphrase is none of it: nobody has
/// typed one then.</summary>
internal enum SessionReaction
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>Cached PINs and confirmations are forgotten; the keys stay.</summary>
    DropPins,

    /// <summary>All keys are removed, as ssh-add -D does.</summary>
    RemoveKeys,
}
