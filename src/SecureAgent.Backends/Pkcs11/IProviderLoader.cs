using SecureAgent.Core;

namespace SecureAgent.Backends.Pkcs11;

/// <summary>Loads modules that have passed the allow-list.</summary>
public interface IProviderLoader
{
    /// <summary>Loads a module, or takes it as it is if it is loaded, and reads the keys of its tokens.</summary>
    /// <param name="file">The module. Whoever opens it compares <see cref="ModuleIdentity.Of"/> of what was opened
    /// with <see cref="ProviderModule.Identity"/> before running any of it.</param>
    /// <param name="pin">The PIN in UTF-8; empty if there is none. The caller zeroes it.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <returns>Plain keys, in the order to list them.</returns>
    /// <exception cref="BackendException">It is not usable; the message says why.</exception>
    ValueTask<IReadOnlyList<Identity>> LoadAsync(
        ProviderModule file, ReadOnlyMemory<byte> pin, CancellationToken ct);

    /// <summary>Ends the use of a module that was loaded.</summary>
    /// <param name="realPath"><see cref="ProviderModule.RealPath"/>.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <exception cref="BackendException">It could not be ended.</exception>
    ValueTask UnloadAsync(string realPath, CancellationToken ct);

    /// <summary>Zeroes cached PINs.</summary>
    void DropSecrets();
}
