namespace SecureAgent.Cli.Prompts;

/// <summary>What SSH_ASKPASS_REQUIRE says (ssh-add(1)).</summary>
internal enum AskpassRequirement
{
    /// <summary>Unset: askpass where there is a display.</summary>
    Unset,

    /// <summary>No askpass.</summary>
    Never,

    /// <summary>Askpass before the terminal, where there is a display.</summary>
    Prefer,

    /// <summary>Askpass, with or without a display, and nothing else.</summary>
    Force,
}
