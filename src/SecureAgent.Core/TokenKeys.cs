namespace SecureAgent.Core;

/// <summary>The keys that one module brought.</summary>
/// <param name="Provider">The canonical name of the module, under which it is removed.</param>
/// <param name="Identities">Plain keys, in the order to list them.</param>
public sealed record TokenKeys(string Provider, IReadOnlyList<Identity> Identities);
