namespace SecureAgent.Tests.EndToEnd;

/// <summary>The collection of tests that use ssh-agent with key files; they share <see cref="KeyFiles"/>.</summary>
[CollectionDefinition(Name)]
public sealed class DropInWorlds : ICollectionFixture<KeyFiles>
{
    public const string Name = "ssh-agent with key files";
}
