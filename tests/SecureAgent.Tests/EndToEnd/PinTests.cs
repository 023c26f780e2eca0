using System.Text.RegularExpressions;

namespace SecureAgent.Tests.EndToEnd;

public sealed partial class PinTests
{
    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task The_prompt_names_the_key_who_asks_and_the_tries_left(AgentKind agent)
    {
        await using AgentWorld world = await WithPinAsync(agent);
        await world.StartProgramAsync(world.Home.Environment);
        int before = world.Home.Askpass.Prompts.Count;

        (await SignAsync(world)).Succeeded();

        string prompt = Assert.Single(world.Home.Askpass.Prompts.Skip(before));
        Assert.Contains("\"work\"", prompt);
        Assert.Matches(@"ssh-keygen\(\d+\)", prompt);
        Assert.Contains("file", prompt);
        Assert.Matches(TriesLeft(), prompt);
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    [Trait("Promise", "PIN never blocked by the agent")]
    public async Task A_wrong_PIN_is_refused_costs_one_try_and_the_agent_goes_on(AgentKind agent)
    {
        await using AgentWorld world = await WithPinAsync(agent);
        AgentProgram program = await world.StartProgramAsync(world.Home.Environment);
        Askpass askpass = world.Home.Askpass;
        (await SignAsync(world)).Succeeded();
        int tries = Tries(askpass.Prompts[^1]);
        int mark = program.Log.Count;

        // Wrong once; whoever is asked again gives up.
        askpass.AnswerFirst("000000", "");
        Ran refused = await SignAsync(world);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("agent refused operation", refused.Error);
        Assert.Contains("work", await program.Log.WaitForAsync("PIN", mark));
        Assert.DoesNotContain("000000", program.Log.ToString());
        askpass.AnswerFirst();
        (await SignAsync(world)).Succeeded();
        Assert.Equal(tries - 1, Tries(askpass.Prompts[^1]));
        Assert.DoesNotContain(askpass.Pin, program.Log.ToString());
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task A_dismissed_prompt_refuses_and_costs_no_try(AgentKind agent)
    {
        await using AgentWorld world = await WithPinAsync(agent);
        await world.StartProgramAsync(world.Home.Environment);
        Askpass askpass = world.Home.Askpass;
        (await SignAsync(world)).Succeeded();
        int tries = Tries(askpass.Prompts[^1]);

        askpass.AnswerFirst("");
        Assert.NotEqual(0, (await SignAsync(world)).ExitCode);

        askpass.AnswerFirst();
        (await SignAsync(world)).Succeeded();
        Assert.Equal(tries, Tries(askpass.Prompts[^1]));
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    [Trait("Promise", "PIN never persisted")]
    public async Task A_kept_PIN_is_asked_for_once_and_forgotten_when_the_agent_is_locked(AgentKind agent)
    {
        await using AgentWorld world = await WithPinAsync(agent);
        await world.StartProgramAsync(world.Home.With("SECUREAGENT_PINCACHE", "until-removed"));
        Askpass askpass = world.Home.Askpass;
        (await SignAsync(world)).Succeeded();
        int asked = askpass.Prompts.Count;

        (await SignAsync(world)).Succeeded();
        Assert.Equal(asked, askpass.Prompts.Count);

        (await world.Client.SshAddAsync("-x")).Succeeded();
        (await world.Client.SshAddAsync("-X")).Succeeded();
        asked = askpass.Prompts.Count;
        (await SignAsync(world)).Succeeded();
        Assert.Equal(asked + 1, askpass.Prompts.Count);
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task Without_anybody_to_ask_the_signature_is_refused_and_the_log_says_why(AgentKind agent)
    {
        await using AgentWorld world = await WithPinAsync(agent);
        AgentProgram program = await world.StartProgramAsync(world.Home.WithoutAskpass());
        int mark = program.Log.Count;

        Assert.Contains("agent refused operation", (await SignAsync(world)).ExitedWith(255).Error);

        string line = await program.Log.WaitForAsync("SSH_ASKPASS", mark);
        Assert.Contains(await world.FingerprintAsync(AgentWorld.Name(KeyKind.EcdsaWithPin)), line);
    }

    [Theory]
    [MemberData(nameof(Matrix.Tpms), MemberType = typeof(Matrix))]
    public async Task While_a_prompt_is_open_the_agent_lists_and_signs_with_other_keys(AgentKind agent)
    {
        await using AgentWorld world = await WithPinAsync(agent);
        await world.RunAsync("key", "seal", AgentWorld.Name(KeyKind.SealedEd25519));
        await world.StartProgramAsync(world.Home.Environment);
        Askpass askpass = world.Home.Askpass;
        int asked = askpass.Prompts.Count;
        await askpass.CloseGateAsync();
        Task<Ran> waiting = SignAsync(world);
        await askpass.AskedAsync(asked + 1);

        Ran listed = await world.Client.SshAddAsync("-l");
        Ran other = await world.Client.SignAsync(world.PublicKeyFile(KeyKind.SealedEd25519), "a message\n");

        Assert.False(waiting.IsCompleted);
        Assert.Equal(2, listed.Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        other.Succeeded();
        await askpass.OpenGateAsync();
        (await waiting).Succeeded();
    }

    private static Task<AgentWorld> WithPinAsync(AgentKind agent)
    {
        Needs.Agent(agent);
        return AgentWorld.StartTpmOnlyAsync(agent, world =>
        {
            world.Home.Environment["SECUREAGENT_PINCACHE"] = "never";
            return world.MakeKeyAsync(KeyKind.EcdsaWithPin);
        });
    }

    private static Task<Ran> SignAsync(AgentWorld world) =>
        world.Client.SignAsync(world.PublicKeyFile(KeyKind.EcdsaWithPin), "a message\n");

    private static int Tries(string prompt)
    {
        Match match = TriesLeft().Match(prompt);
        Assert.True(match.Success, prompt);
        return match.Groups[1].Success ? int.Parse(match.Groups[1].Value) : 1;
    }

    [GeneratedRegex(@"(?:(\d+) tries left|last try)")]
    private static partial Regex TriesLeft();
}
