namespace SecureAgent.Cli.Desktop;

/// <summary>What happened to the person's session.</summary>
internal enum SessionChange
{
    /// <summary>It was locked, or the person disconnected from it.</summary>
    Left,

    /// <summary>The machine goes to sleep.</summary>
    Sleeps,

    /// <summary>The person logs off.</summary>
    Ends,
}
