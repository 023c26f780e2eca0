namespace SecureAgent.Core;

/// <summary>What a forwarded connection may do beyond listing, signing and binding.</summary>
[Flags]
public enum ForwardedRights
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>Add keys.</summary>
    Add = 1,

    /// <summary>Remove keys.</summary>
    Remove = 2,

    /// <summary>Lock and unlock.</summary>
    Lock = 4,

    /// <summary>Add and remove tokens and security key providers (<c>-O allow-remote-pkcs11</c>).</summary>
    Providers = 8,
}
