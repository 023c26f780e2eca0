using System.Runtime.Versioning;
using SecureAgent.Backends.Pkcs11;
using SecureAgent.Core;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Backends.Pkcs11;

[UnsupportedOSPlatform("windows")]
public sealed class Pkcs11ProvidersTests : IDisposable
{
    private readonly TrustedDirectory _directory = new();
    private readonly TestLoader _loader = new();
    private readonly ProviderAllowList _allowed;

    public Pkcs11ProvidersTests() => _allowed = new ProviderAllowList([_directory.Path + "/lib/*"]);

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_module_is_loaded_by_its_real_path_and_removed_by_any_name_of_it()
    {
        string module = _directory.Write("lib/m.so");
        string link = _directory.Path + "/link";
        File.CreateSymbolicLink(link, module);
        Pkcs11Providers providers = new(_allowed, _loader);

        TokenKeys keys = await providers.AddAsync(link, "1234"u8.ToArray(), Test);

        Assert.Equal(module, keys.Provider);
        Assert.Equal(_loader.Keys, keys.Identities);
        Assert.Equal([(module, "1234")], _loader.Loaded);
        Assert.Equal(module, await providers.RemoveAsync(link, Test));
        Assert.Equal([module], _loader.Unloaded);
        await RefusedAsync(() => providers.RemoveAsync(link, Test).AsTask(), $"{module} is not loaded");
    }

    [Fact]
    public async Task A_module_whose_file_has_gone_can_be_removed()
    {
        string module = _directory.Write("lib/m.so");
        Pkcs11Providers providers = new(_allowed, _loader);
        await providers.AddAsync(module, default, Test);
        File.Delete(module);
        Assert.Equal(module, await providers.RemoveAsync(module, Test));
    }

    [Fact]
    public async Task A_forbidden_module_does_not_reach_the_loader()
    {
        string module = _directory.Write("bin/m.so");
        Pkcs11Providers providers = new(_allowed, _loader);
        await RefusedAsync(() => providers.AddAsync(module, default, Test).AsTask(), "is not among the modules");
        Assert.Empty(_loader.Loaded);
    }

    [Fact]
    public async Task A_module_that_cannot_be_loaded_is_not_there_to_be_removed()
    {
        string module = _directory.Write("lib/m.so");
        _loader.Failure = new BackendException("broken");
        Pkcs11Providers providers = new(_allowed, _loader);
        await RefusedAsync(() => providers.AddAsync(module, default, Test).AsTask(), "broken");
        await RefusedAsync(() => providers.RemoveAsync(module, Test).AsTask(), "is not loaded");
    }

    [Fact]
    public async Task Without_a_loader_a_forbidden_module_is_forbidden_and_an_allowed_one_not_supported()
    {
        Pkcs11Providers providers = new(_allowed, loader: null);
        string forbidden = _directory.Write("bin/m.so");
        string allowed = _directory.Write("lib/m.so");
        await RefusedAsync(() => providers.AddAsync(forbidden, default, Test).AsTask(), "is not among the modules");
        await RefusedAsync(() => providers.AddAsync(allowed, default, Test).AsTask(), "has no PKCS#11 backend");
        await RefusedAsync(() => providers.RemoveAsync(allowed, Test).AsTask(), "is not loaded");
        providers.DropSecrets();
    }

    [Fact]
    public void Secrets_are_dropped_where_they_are()
    {
        new Pkcs11Providers(_allowed, _loader).DropSecrets();
        Assert.True(_loader.HasDropped);
    }

    private static async Task RefusedAsync(Func<Task> act, string why) => Assert.Contains(
        why, (await Assert.ThrowsAsync<BackendException>(act)).Message, StringComparison.Ordinal);

    private sealed class TestLoader : IProviderLoader
    {
        public IReadOnlyList<Identity> Keys { get; } = [TestKey.Ed25519().Identity("on token")];

        public List<(string Path, string Pin)> Loaded { get; } = [];

        public List<string> Unloaded { get; } = [];

        public BackendException? Failure { get; set; }

        public bool HasDropped { get; private set; }

        public ValueTask<IReadOnlyList<Identity>> LoadAsync(
            ProviderModule file, ReadOnlyMemory<byte> pin, CancellationToken ct)
        {
            if (Failure is not null)
            {
                throw Failure;
            }

            Loaded.Add((file.RealPath, System.Text.Encoding.UTF8.GetString(pin.Span)));
            return ValueTask.FromResult(Keys);
        }

        public ValueTask UnloadAsync(string realPath, CancellationToken ct)
        {
            Unloaded.Add(realPath);
            return ValueTask.CompletedTask;
        }

        public void DropSecrets() => HasDropped = true;
    }
}
