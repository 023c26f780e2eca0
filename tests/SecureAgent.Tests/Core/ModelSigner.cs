namespace SecureAgent.Tests.Core;

/// <summary>Who signed a binding.</summary>
internal enum ModelSigner
{
    /// <summary>The host that it names.</summary>
    Host,

    /// <summary>Another host.</summary>
    Other,

    /// <summary>Nobody: the contents do not parse.</summary>
    Nobody,
}
