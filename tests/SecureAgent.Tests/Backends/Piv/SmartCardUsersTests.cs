using SecureAgent.Backends.Piv;
using SecureAgent.Tests.EndToEnd;
using SecureAgent.Tests.HwSim;

namespace SecureAgent.Tests.Backends.Piv;

public sealed class SmartCardUsersTests
{
    [Fact]
    public async Task Program_that_uses_cards_is_named_with_its_id_as_long_as_it_runs()
    {
        using PcscDaemon daemon = new();
        BackgroundProcess waits = BackgroundProcess.Start(
            daemon.Environs, Requires.Tool("opensc-tool"), "--wait", "--atr"); // for a card
        int id = waits.Id;
        await using (waits)
        {
            await Deadline.UntilAsync(
                () => SmartCardUsers.Others().Contains(("opensc-tool", id)),
                () => string.Join(", ", SmartCardUsers.Others()));
        }

        IReadOnlyList<(string Name, int ProcessId)> others = SmartCardUsers.Others();
        Assert.DoesNotContain(others, other => other.ProcessId == id);
        Assert.DoesNotContain(others, other => other.ProcessId == Environment.ProcessId);
        Assert.DoesNotContain(others, other => other.ProcessId == daemon.Id); // serves, and does not use
    }
}
