namespace SecureAgent.Tests.EndToEnd.Wine;

/// <summary>The collection whose tests share one <see cref="WineWorld"/>, which takes seconds to make, and run one
/// after another.</summary>
[CollectionDefinition(Name)]
public sealed class WineWorlds : ICollectionFixture<WineWorlds.One>
{
    public const string Name = "wine";

    /// <summary>Makes the world when it is first asked for.</summary>
    public sealed class One : IAsyncDisposable
    {
        private readonly Lazy<Task<WineWorld>> _world = new(WineWorld.StartAsync);

        /// <summary>The world; ends the test where Wine or the Windows program is missing.</summary>
        internal Task<WineWorld> WorldAsync()
        {
            WineWorld.Require();
            return _world.Value;
        }

        public async ValueTask DisposeAsync()
        {
            if (_world.IsValueCreated && _world.Value.IsCompletedSuccessfully)
            {
                await (await _world.Value).DisposeAsync();
            }
        }
    }
}
