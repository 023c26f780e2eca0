using SecureAgent.Tests.EndToEnd;

namespace SecureAgent.Tests.HwSim;

/// <summary>The daemon that other tests rest on, seen by OpenSC.</summary>
public sealed class PcscDaemonTests
{
    [Fact]
    public async Task Daemon_of_a_test_is_found_with_its_readers_alone_and_again_after_a_restart()
    {
        using PcscDaemon daemon = new(PcscDaemon.YubiKey, "Other reader");
        await ListAsync(daemon);

        daemon.Restart();
        await ListAsync(daemon);

        daemon.Stop();
        Ran none = await new Command(daemon.Environs, Requires.Tool("opensc-tool"), "-l").RunAsync();
        Assert.Contains("No smart card readers found", none.Output + none.Error);

        daemon.Start();
        await ListAsync(daemon);
    }

    private static async Task ListAsync(PcscDaemon daemon)
    {
        Ran ran = await new Command(daemon.Environs, Requires.Tool("opensc-tool"), "-l").RunAsync();
        string[] readers = [.. ran.Succeeded().Output.Split('\n')
            .Where(line => line.Length > 0 && char.IsAsciiDigit(line[0])).Select(line => line[20..].Trim())];
        Assert.Equal(daemon.Readers.Select(reader => reader.Name), readers);
    }
}
