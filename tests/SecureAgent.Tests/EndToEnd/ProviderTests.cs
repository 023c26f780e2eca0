namespace SecureAgent.Tests.EndToEnd;

/// <summary><c>ssh-add -s</c> of modules that may not be loaded.</summary>
[Collection(DropInWorlds.Name)]
public sealed class ProviderTests(KeyFiles keys)
{
    [Theory]
    [InlineData("-s", "/tmp/evil.so")]
    [InlineData("-s", "/usr/lib/../../tmp/evil.so")]
    [InlineData("-s", "evil.so")]
    [InlineData("-e", "/tmp/evil.so")]
    [Trait("Promise", "remote provider load refused")]
    public async Task A_module_that_is_not_on_the_list_is_refused_as_by_OpenSSHs_agent(string option, string module)
    {
        Needs.LinuxWith("ssh-agent", "ssh-add");
        await using AgentPair agents = await AgentPair.StartAsync(keys.Home);

        Ran ran = await agents.SshAddAsync(option, module);

        Assert.Equal(1, ran.ExitCode);
        await agents.Ours.Process.Error.WaitForAsync("refused");
        Assert.Equal(1, (await agents.SshAddAsync("-l")).ExitCode);
    }

    [Fact]
    public async Task A_module_that_others_may_write_is_not_loaded_even_if_the_list_names_it()
    {
        Needs.LinuxWith("ssh-agent", "ssh-add");
        string module = keys.Home.Write("tmp/writable.so", "no module");
        (await new Command(keys.Home.Environment, "chmod", "666", module).RunAsync()).Succeeded();
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, keys.Home, "-P", module);

        (await agent.Client.SshAddAsync("-s", module)).ExitedWith(1);

        Assert.Contains(module, await agent.Process.Error.WaitForAsync("refused"), StringComparison.Ordinal);
    }
}
