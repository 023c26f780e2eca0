using SecureAgent.Core;
using SecureAgent.Tests.Fuzz;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

/// <summary>Random sequences of what clients and a person do, against <see cref="AgentModel"/>.</summary>
public sealed class AddedKeyModelTests
{
    private const int Sequences = 12;
    private const int StepsPerSequence = 300;

    private readonly ModelWorld _world = new();
    private readonly Dictionary<ModelData, int> _signed = [];

    [Fact]
    public async Task Agent_answers_as_the_model_does()
    {
        foreach (int seed in FuzzHarness.Seeds(Sequences))
        {
            List<ModelStep> steps = ModelSteps.Make(new Random(seed), StepsPerSequence);
            if (await RunAsync(steps) is not null)
            {
                List<ModelStep> fewer =
                    await ModelSteps.ShrinkAsync(steps, async some => await RunAsync(some) is not null);
                Assert.Fail($"seed {seed}: {await RunAsync(fewer)}\n{string.Join('\n', fewer)}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", _signed));

        // A sequence in which nothing is ever allowed would prove little.
        Assert.All(
            Enum.GetValues<ModelData>(), data => Assert.True(_signed.GetValueOrDefault(data) > 10, $"few {data}"));
    }

    /// <returns>What went wrong, or <see langword="null"/>.</returns>
    private async Task<string?> RunAsync(List<ModelStep> steps)
    {
        using TestAgent agent = new(new AgentOptions
        {
            SoftwareKeys = new TestKeyStore(),
            ConsentCoolDown = TimeSpan.Zero,
        });
        AgentSession[] sessions = [.. Enumerable.Range(0, ModelWorld.Connections).Select(_ => agent.Open())];
        AgentModel model = new();
        try
        {
            foreach (ModelStep step in steps)
            {
                bool[] wereForwarded = [.. sessions.Select(session => session.IsForwarded)];
                string expected = model.Apply(step);
                string actual = await DoAsync(agent, sessions, step);
                if (actual != expected)
                {
                    return $"{step} gave \"{actual}\" instead of \"{expected}\"";
                }

                if (step is not ModelStep.Connect
                    && Enumerable.Range(0, sessions.Length).Any(i => wereForwarded[i] && !sessions[i].IsForwarded))
                {
                    return $"{step} made a forwarded connection a local one";
                }

                // Looked at after every step, so that a step is never blamed for what an earlier one did.
                for (int i = 0; i < sessions.Length; i++)
                {
                    string listed = await ListAsync(sessions[i]);
                    if (listed != model.List(i))
                    {
                        return $"{step}: connection {i} lists \"{listed}\" instead of \"{model.List(i)}\"";
                    }
                }
            }

            return agent.Log.Refusals.FirstOrDefault(one => one.Refusal == Refusal.InternalError)?.Message;
        }
        finally
        {
            Array.ForEach(sessions, session => session.Dispose());
        }
    }

    private async Task<string> DoAsync(TestAgent agent, AgentSession[] sessions, ModelStep step)
    {
        switch (step)
        {
            case ModelStep.Connect connect:
                sessions[connect.Connection].Dispose();
                sessions[connect.Connection] = agent.Open();
                return "";
            case ModelStep.Wait wait:
                agent.Time.Advance(TimeSpan.FromSeconds(wait.Seconds));
                return "";
            case ModelStep.Decide decide:
                agent.Prompter.Answer = decide.Allows;
                return "";
            case ModelStep.List list:
                return await ListAsync(sessions[list.Connection]);
            case ModelStep.Unlock unlock:
                agent.Time.Advance(TimeSpan.FromSeconds(AgentModel.SecondsBeforeUnlock));
                return $"{await TestAgent.TypeAsync(sessions[unlock.Connection], _world.Message(unlock))}";
            case ModelStep.Bind bind:
                return $"{await TestAgent.TypeAsync(sessions[bind.Connection], _world.Message(bind))}";
            case ModelStep.Sign sign:
                return await SignAsync(sessions[sign.Connection], sign);
            case ModelStep.Add add:
                return $"{await TestAgent.TypeAsync(sessions[add.Connection], _world.Message(add))}";
            case ModelStep.Remove remove:
                return $"{await TestAgent.TypeAsync(sessions[remove.Connection], _world.Message(remove))}";
            case ModelStep.RemoveAll all:
                return $"{await TestAgent.TypeAsync(sessions[all.Connection], _world.Message(all))}";
            case ModelStep.Lock @lock:
                return $"{await TestAgent.TypeAsync(sessions[@lock.Connection], _world.Message(@lock))}";
            default:
                throw new ArgumentException($"{step} is not known.", nameof(step));
        }
    }

    private async Task<string> SignAsync(AgentSession session, ModelStep.Sign sign)
    {
        byte[] answer = await TestAgent.AskAsync(session, _world.Message(sign));
        AgentMessageType type = AgentResponse.TypeOf(answer);
        if (type == AgentMessageType.SSH_AGENT_SIGN_RESPONSE)
        {
            _signed[sign.Data] = _signed.GetValueOrDefault(sign.Data) + 1;
            byte[] raw = AgentResponse.DecodeSignature(answer).Raw.ToArray();
            Assert.True(Ed25519.Verify(_world.PublicKey(sign.Key).Key.Span, _world.Data(sign), raw));
        }

        return $"{type}";
    }

    private static async Task<string> ListAsync(AgentSession session) => string.Join(
        ", ", AgentResponse.DecodeIdentities(await TestAgent.AskAsync(session, Requests.List))
            .Select(identity => identity.Comment));
}
