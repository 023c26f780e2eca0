namespace SecureAgent.Tests.Core;

/// <summary>What is to be signed.</summary>
internal enum ModelData
{
    /// <summary>A login that names no host key.</summary>
    Login,

    /// <summary>A login that names a host key.</summary>
    HostBoundLogin,

    /// <summary>A login with another key.</summary>
    OthersLogin,

    /// <summary>A file.</summary>
    File,

    /// <summary>Bytes of no known meaning.</summary>
    Unknown,
}
