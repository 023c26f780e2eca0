namespace SecureAgent.Tests.EndToEnd;

/// <summary>The collection of tests that measure time or use the whole machine: nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Undisturbed : ICollectionFixture<KeyFiles>
{
    public const string Name = "undisturbed";
}
