namespace SecureAgent.Backends.Tpm;

/// <summary>Whose password a <see cref="TpmException"/> is about.</summary>
public enum TpmAuthSubject
{
    /// <summary>It is not about a password.</summary>
    None,

    /// <summary>The key's PIN.</summary>
    Key,

    /// <summary>The password of the hierarchy or persistent storage key above it.</summary>
    Parent,
}
