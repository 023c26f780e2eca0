namespace SecureAgent.Core;

/// <summary>When the person is asked before a key is used.</summary>
public enum ConfirmRule
{
    /// <summary>Only when something else asks for it: a constraint, or unknown data on a forwarded
    /// connection.</summary>
    Never,

    /// <summary>When the use is asked for through a forwarded connection.</summary>
    Forwarded,

    /// <summary>At every use.</summary>
    Always,
}
