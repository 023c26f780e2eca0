namespace SecureAgent.Core;

/// <summary>The private half of a key that a client added. Disposing zeroes it; a signature that is under way is
/// finished first, and later ones throw <see cref="BackendException"/>.</summary>
public interface IHeldKey : ISigner, IDisposable;
