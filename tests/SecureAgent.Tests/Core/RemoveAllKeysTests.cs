using SecureAgent.Core;

namespace SecureAgent.Tests.Core;

public sealed class RemoveAllKeysTests
{
    [Fact]
    public async Task No_key_is_listed_and_no_secret_kept_afterwards()
    {
        TestKey key = TestKey.Ed25519();
        TestBackend backend = new("test", key.Identity("key"));
        using TestAgent agent = new(backend);
        Assert.Single(await agent.ListAsync());

        agent.Agent.RemoveAllKeys();

        Assert.Empty(await agent.ListAsync());
        Assert.Equal(1, backend.Dropped);
    }
}
