using System.Diagnostics;

namespace SecureAgent.Tests.EndToEnd;

[Collection(Undisturbed.Name)]
public sealed class LifetimeTests(KeyFiles keys)
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    [Fact]
    [Trait("Promise", "lifetime")]
    public async Task Keys_leave_when_their_time_is_over_the_agents_own_unless_they_bring_one()
    {
        string[] files =
            [await keys.NamedAsync("brief"), await keys.NamedAsync("usual"), await keys.NamedAsync("long")];
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, keys.Home, "-t", "2");
        (string File, int Seconds, string[] Options)[] added =
            [(files[0], 1, ["-t", "1"]), (files[1], 2, []), (files[2], 3, ["-t", "3"])];
        Task[] waits = [.. added.Select(key => ExpiresAsync(agent, key.File, key.Seconds, key.Options))];

        await Task.WhenAll(waits);

        Assert.Equal("The agent has no identities.\n", (await agent.Client.SshAddAsync("-l")).ExitedWith(1).Output);
        foreach (string file in files)
        {
            (await agent.Client.SshAddAsync("-T", keys.Alone(file))).ExitedWith(1);
        }
    }

    [Fact]
    public async Task Adding_a_key_again_gives_it_the_new_lifetime()
    {
        string file = await keys.NamedAsync("renewed");
        await using DropInAgent agent = await DropInAgent.StartAsync(AgentSide.DropIn, keys.Home);
        (await agent.Client.SshAddAsync("-q", "-t", "600", file)).Succeeded();

        await ExpiresAsync(agent, file, 1, ["-t", "1"]);
    }

    /// <summary>Adds a key and sees that it is listed for all of its time and not a second longer.</summary>
    private static async Task ExpiresAsync(DropInAgent agent, string file, int seconds, string[] options)
    {
        byte[] blob = Convert.FromBase64String(File.ReadAllText(file + ".pub").Split(' ')[1]);
        using AgentSocket client = AgentSocket.Connect(agent.Socket);
        Stopwatch sinceAsked = Stopwatch.StartNew();
        (await agent.Client.SshAddAsync(["-q", .. options, file])).Succeeded();
        Stopwatch sinceAdded = Stopwatch.StartNew();
        Assert.True(await client.ListsAsync(blob) || sinceAsked.Elapsed.TotalSeconds >= seconds, "it is not listed");

        await Deadline.UntilAsync(async () => !await client.ListsAsync(blob), () => $"{file} is still listed");

        Assert.InRange(sinceAsked.Elapsed.TotalSeconds, seconds - 0.01, double.MaxValue);
        Assert.InRange(sinceAdded.Elapsed.TotalSeconds, 0, seconds + Slack.TotalSeconds);
    }
}
