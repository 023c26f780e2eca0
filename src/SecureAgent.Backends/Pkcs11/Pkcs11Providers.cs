using SecureAgent.Core;

namespace SecureAgent.Backends.Pkcs11;

/// <summary>The PKCS#11 modules that clients add with <c>ssh-add -s</c> and remove with <c>ssh-add -e</c>.
/// Thread-safe.</summary>
public sealed class Pkcs11Providers : ITokenProviders
{
    private readonly ProviderAllowList _allowed;
    private readonly IProviderLoader? _loader;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _loaded = new(StringComparer.Ordinal);

    /// <summary>Creates it.</summary>
    /// <param name="allowed">Which modules may be loaded.</param>
    /// <param name="loader">Loads them; without, each is refused after its check.</param>
    public Pkcs11Providers(ProviderAllowList allowed, IProviderLoader? loader) =>
        (_allowed, _loader) = (allowed, loader);

    /// <inheritdoc/>
    public async ValueTask<TokenKeys> AddAsync(string provider, ReadOnlyMemory<byte> pin, CancellationToken ct)
    {
        ProviderModule module = _allowed.Check(provider);
        if (_loader is null)
        {
            throw new BackendException($"{module.RealPath} is not loaded: this version has no PKCS#11 backend.");
        }

        IReadOnlyList<Identity> identities = await _loader.LoadAsync(module, pin, ct).ConfigureAwait(false);
        lock (_gate)
        {
            _loaded.Add(module.RealPath);
        }

        return new TokenKeys(module.RealPath, identities);
    }

    /// <inheritdoc/>
    public async ValueTask<string> RemoveAsync(string provider, CancellationToken ct)
    {
        string realPath = CanonicalNameOf(provider);
        bool isLoaded;
        lock (_gate)
        {
            isLoaded = _loaded.Remove(realPath);
        }

        if (!isLoaded || _loader is null)
        {
            throw new BackendException($"{realPath} is not loaded, so it cannot be removed.");
        }

        await _loader.UnloadAsync(realPath, ct).ConfigureAwait(false);
        return realPath;
    }

    /// <inheritdoc/>
    public void DropSecrets() => _loader?.DropSecrets();

    // A module whose file has been deleted since can still be removed, by its real path.
    private string CanonicalNameOf(string provider)
    {
        lock (_gate)
        {
            if (_loaded.Contains(provider))
            {
                return provider;
            }
        }

        return ProviderAllowList.RealPathOf(provider);
    }
}
