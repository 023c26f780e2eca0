using SecureAgent.Tests.Backends.Tpm;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>The record of uses on a disk that is full.</summary>
[Collection(DropInWorlds.Name)]
public sealed class AuditDiskTests(KeyFiles keys) : IDisposable
{
    private readonly Home _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("continue", 0)]
    [InlineData("deny", 1)]
    [Trait("Promise", "audit")]
    public async Task With_a_full_disk_keys_are_used_or_not_as_the_configuration_says(string setting, int exitCode)
    {
        string file = await keys.NamedAsync("recorded");
        using SmallDisk disk = SmallDisk.Mount(_home.File("disk"));
        disk.Fill();
        _home.Environment["SECUREAGENT_AUDITFILE"] = Path.Combine(disk.Path, "audit.log");
        _home.Environment["SECUREAGENT_AUDITFULL"] = setting;
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, _home);
        (await agent.Client.SshAddAsync("-q", file)).Succeeded();
        await agent.Process.Error.WaitForAsync("audit");

        (await agent.Client.SshAddAsync("-T", file + ".pub")).ExitedWith(exitCode);

        // The log is told first: refusals are recorded too, and many of them would fill so small a disk again.
        int mark = agent.Process.Error.Count;
        disk.Empty();
        await agent.Process.Error.WaitForAsync("again", mark);
        (await agent.Client.SshAddAsync("-T", file + ".pub")).Succeeded();
    }
}
