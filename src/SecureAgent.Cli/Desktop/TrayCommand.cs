namespace SecureAgent.Cli.Desktop;

/// <summary>What can be chosen in the tray menu; the numbers are the identifiers of its items.</summary>
internal enum TrayCommand
{
    /// <summary>A line that only says something.</summary>
    None = 0,

    /// <summary>Lock the agent with a passphrase.</summary>
    Lock = 1,

    /// <summary>Unlock it.</summary>
    Unlock = 2,

    /// <summary>Remove all keys.</summary>
    RemoveAllKeys = 3,

    /// <summary>End the agent.</summary>
    Quit = 4,
}
