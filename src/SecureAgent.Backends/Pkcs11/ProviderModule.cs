namespace SecureAgent.Backends.Pkcs11;

/// <summary>A module that may be loaded.</summary>
/// <param name="RealPath">Its absolute path without symbolic links, its canonical name.</param>
/// <param name="Identity">Which file was checked.</param>
public sealed record ProviderModule(string RealPath, ModuleIdentity Identity);
