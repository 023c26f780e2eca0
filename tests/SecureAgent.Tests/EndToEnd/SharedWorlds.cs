namespace SecureAgent.Tests.EndToEnd;

/// <summary>The collection whose tests share <see cref="Worlds"/> and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class SharedWorlds : ICollectionFixture<Worlds>
{
    public const string Name = "worlds";
}
