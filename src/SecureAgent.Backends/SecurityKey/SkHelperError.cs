namespace SecureAgent.Backends.SecurityKey;

/// <summary>Errors of ssh-sk-helper(8): those of OpenSSH's ssherr.h with their sign turned, as the helper sends
/// them.</summary>
internal enum SkHelperError : uint
{
    /// <summary>The library or the security key said no, without saying why.</summary>
    SSH_ERR_INVALID_FORMAT = 4,

    /// <summary>A PIN is needed, or was wrong.</summary>
    SSH_ERR_KEY_WRONG_PASSPHRASE = 43,

    /// <summary>The library does not do what is asked.</summary>
    SSH_ERR_FEATURE_UNSUPPORTED = 59,

    /// <summary>No security key that is plugged in has the key.</summary>
    SSH_ERR_DEVICE_NOT_FOUND = 60,
}
