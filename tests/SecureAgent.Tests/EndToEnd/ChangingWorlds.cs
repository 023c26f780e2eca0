namespace SecureAgent.Tests.EndToEnd;

/// <summary>A second collection with <see cref="Worlds"/> of its own, for tests that make and remove keys; it runs
/// beside
/// <see cref="SharedWorlds"/>.</summary>
[CollectionDefinition(Name)]
public sealed class ChangingWorlds : ICollectionFixture<Worlds>
{
    public const string Name = "changing worlds";
}
