using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Fuzz;

/// <summary>The same messages, on connections that stay open side by side, to OpenSSH's agent and to this one: all
/// answers are the same to the byte, but for what is said here.</summary>
public sealed class OpenSshTwinTests
{
    private const int Sequences = 5;
    private const int StepsPerSequence = 300;
    private const int Mutations = 500;

    /// <summary>The first release that answers a known extension that fails with 28 and not with 5, and that knows the
    /// extension query (RFC 9987).</summary>
    private static readonly Version ExtensionFailures = new(10, 3);

    /// <summary>The first release whose agent takes bindings while it is locked; it also hides restricted keys where
    /// the first binding failed, which 9.2 does not (releases between were not looked at).</summary>
    private static readonly Version StrictBindings = new(10, 5);

    private readonly ModelWorld _world = new();

    [Fact]
    public async Task Sequences_are_answered_alike()
    {
        int signed = 0;
        foreach (int seed in FuzzHarness.Seeds(Sequences))
        {
            List<ModelStep> steps = ModelSteps.Make(new Random(seed), StepsPerSequence);
            (string? difference, int signatures) = await CompareAsync(steps);
            signed += signatures;
            if (difference is not null)
            {
                List<ModelStep> fewer = await ModelSteps.ShrinkAsync(
                    steps, async some => (await CompareAsync(some)).Difference is not null);
                Assert.Fail(
                    $"seed {seed}: {(await CompareAsync(fewer)).Difference}\n{string.Join('\n', fewer)}");
            }
        }

        Assert.True(signed > 100, $"only {signed} signatures were compared");
    }

    [Fact]
    public async Task Malformed_messages_are_answered_alike()
    {
        await using OpenSshTwin twin = await OpenSshTwin.StartAsync();
        await using OpenSshTwin.TwinConnection observer = await twin.ConnectAsync();
        List<string> differences = [];
        foreach (byte[] message in Malformed())
        {
            await using OpenSshTwin.TwinConnection connection = await twin.ConnectAsync();
            (byte[] theirs, byte[] ours) = await connection.AskAsync(message);
            (byte[] theirList, byte[] ourList) = await observer.AskAsync(Requests.List);
            if (!AreAlike(twin, theirs, ours) || !theirList.AsSpan().SequenceEqual(ourList))
            {
                differences.Add($"{Convert.ToHexStringLower(message)}: OpenSSH {Type(theirs)}, here {Type(ours)}");
                (theirs, ours) = await observer.AskAsync([19]); // So that one difference is told once.
                Assert.Equal(theirs, ours);
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public async Task Mutated_messages_are_answered_alike()
    {
        await using OpenSshTwin twin = await OpenSshTwin.StartAsync();
        await using OpenSshTwin.TwinConnection observer = await twin.ConnectAsync();
        byte[][] corpus = [.. Uses().Select(_world.Message)];
        int signed = 0;
        foreach (int seed in FuzzHarness.Seeds(Mutations))
        {
            Random random = new(seed);
            foreach (int key in (int[])[0, 1])
            {
                byte[] add = _world.Message(new ModelStep.Add(0, key, 0, 0, false, null, key * 3, false));
                (byte[] theirAdd, byte[] ourAdd) = await observer.AskAsync(add);
                Assert.Equal(theirAdd, ourAdd);
            }

            await using OpenSshTwin.TwinConnection connection = await twin.ConnectAsync();
            for (int i = random.Next(4); i >= 0; i--)
            {
                byte[] message = corpus[random.Next(corpus.Length)];
                bool valid = random.Next(3) == 0;
                message = valid ? message : Mutation.Of(random, corpus, message);
                // Adding is compared by itself, locking ends OpenSSH's agent, and tokens are code to load.
                if (message[0] is 17 or 25 or 22 or 23 or 20 or 21 or 26)
                {
                    continue;
                }

                (byte[] theirs, byte[] ours) = await connection.AskAsync(message);
                (byte[] theirList, byte[] ourList) = await observer.AskAsync(Requests.List);
                signed += ours is [14, ..] ? 1 : 0;
                Assert.True(
                    AreAlike(twin, theirs, ours) && theirList.AsSpan().SequenceEqual(ourList),
                    $"seed {seed}: {Convert.ToHexStringLower(message)}: OpenSSH {Type(theirs)}, here {Type(ours)}");
                // Behind a binding that failed or forwards, this agent refuses more than OpenSSH's (see Shared).
                if (ours is [28] || (message[0] == 27 && !valid))
                {
                    break;
                }
            }
        }

        Assert.True(signed > Mutations / 20, $"only {signed} signatures were compared");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(262145u)]
    [InlineData(0x7fffffffu)]
    [InlineData(0xffffffffu)]
    public async Task Frames_of_impossible_length_close_the_connection_of_both(uint length)
    {
        await using OpenSshTwin twin = await OpenSshTwin.StartAsync();
        await using OpenSshTwin.TwinConnection connection = await twin.ConnectAsync();
        byte[] frame = [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];
        (byte[] theirs, byte[] ours) = await connection.SendAsync([.. frame, 0, 0, 0, 1, 11]);
        Assert.Empty(theirs);
        Assert.Empty(ours);
    }

    private static string Type(byte[] answer) => answer.Length == 0 ? "closes" : $"{answer[0]}";

    private static bool AreAlike(OpenSshTwin twin, byte[] theirs, byte[] ours) =>
        theirs.AsSpan().SequenceEqual(ours)
        || (ours is [28] or [29, ..] && theirs is [5] && twin.Version < ExtensionFailures);

    /// <summary>A binding, and logins with a free key and with a restricted one.</summary>
    private static IEnumerable<ModelStep> Uses()
    {
        yield return new ModelStep.Bind(0, 0, 1, false, ModelSigner.Host);
        yield return new ModelStep.List(0);
        foreach (int key in (int[])[0, 1])
        {
            yield return new ModelStep.Sign(0, key, ModelData.Login, 1, "me", 0);
            yield return new ModelStep.Sign(0, key, ModelData.HostBoundLogin, 1, "me", 0);
            yield return new ModelStep.Sign(0, key, ModelData.HostBoundLogin, 2, "you", 1);
            yield return new ModelStep.Sign(0, key, ModelData.File, 1, "me", 0);
            yield return new ModelStep.Remove(0, key);
        }
    }

    /// <summary>Every beginning of a message of each kind, messages with bytes behind them, and every number.</summary>
    private IEnumerable<byte[]> Malformed()
    {
        ModelStep[] steps =
        [
            new ModelStep.Add(0, 1, 0, 1000, false, null, 4, false),
            new ModelStep.Add(0, 2, 0, 0, false, null, 0, true),
            new ModelStep.Add(0, 0, 0, 0, false, null, 0, false),
            new ModelStep.Bind(0, 0, 1, true, ModelSigner.Host),
            new ModelStep.Bind(0, 1, 1, false, ModelSigner.Other),
            new ModelStep.Sign(0, 0, ModelData.HostBoundLogin, 1, "me", 0),
            new ModelStep.Remove(0, 0),
        ];
        foreach (byte[] message in steps.Select(_world.Message))
        {
            for (int length = 1; length < message.Length; length++)
            {
                yield return message[..length];
            }

            yield return message;
            yield return [.. message, 0];
            yield return [.. message, 1, 0, 0, 0, 9];
            yield return [.. message, 255, 255, 255, 255];
        }

        yield return Requests.Extension("query");
        yield return Requests.Extension("query", 1);
        yield return Requests.Extension("nothing@example.org", 1);
        for (int type = 0; type < 256; type++)
        {
            // OpenSSH ends itself, on purpose, at a lock request that does not parse.
            if (type is not (22 or 23))
            {
                yield return [(byte)type];
                yield return [(byte)type, 0, 0, 0, 0];
                yield return [(byte)type, 255, 255, 255, 255, 1];
            }
        }
    }

    private async Task<(string? Difference, int Signatures)> CompareAsync(List<ModelStep> steps)
    {
        await using OpenSshTwin twin = await OpenSshTwin.StartAsync();
        OpenSshTwin.TwinConnection[] connections = new OpenSshTwin.TwinConnection[ModelWorld.Connections];
        for (int i = 0; i < connections.Length; i++)
        {
            connections[i] = await twin.ConnectAsync();
        }

        AgentModel model = new();
        int signatures = 0;
        int guesses = 0;
        try
        {
            foreach (ModelStep made in steps)
            {
                if (Shared(twin, model, made) is not { } step || (step is ModelStep.Unlock { Right: false }
                    && model.IsLocked && ++guesses > 2)) // Each guess waits a tenth of a second longer.
                {
                    continue;
                }

                _ = model.Apply(step);
                if (step is ModelStep.Connect connect)
                {
                    await connections[connect.Connection].DisposeAsync();
                    connections[connect.Connection] = await twin.ConnectAsync();
                    continue;
                }

                (byte[] theirs, byte[] ours) = await connections[ConnectionOf(step)].AskAsync(_world.Message(step));
                if (!AreAlike(twin, theirs, ours))
                {
                    return ($"{step}: OpenSSH {Type(theirs)}, here {Type(ours)}", signatures);
                }

                // Ed25519 has one signature for each message, so that what is alike is right in both or in none.
                if (step is ModelStep.Sign sign && ours is [14, ..])
                {
                    signatures++;
                    byte[] raw = AgentResponse.DecodeSignature(ours).Raw.ToArray();
                    Assert.True(Ed25519.Verify(_world.PublicKey(sign.Key).Key.Span, _world.Data(sign), raw));
                }
            }

            return (null, signatures);
        }
        finally
        {
            foreach (OpenSshTwin.TwinConnection connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static int ConnectionOf(ModelStep step) => step switch
    {
        ModelStep.Add add => add.Connection,
        ModelStep.Bind bind => bind.Connection,
        ModelStep.List list => list.Connection,
        ModelStep.Lock @lock => @lock.Connection,
        ModelStep.Remove remove => remove.Connection,
        ModelStep.RemoveAll all => all.Connection,
        ModelStep.Sign sign => sign.Connection,
        ModelStep.Unlock unlock => unlock.Connection,
        _ => throw new ArgumentException($"{step} is no message.", nameof(step)),
    };

    /// <summary>The step, changed or left out where this agent means to do otherwise than OpenSSH's.</summary>
    private static ModelStep? Shared(OpenSshTwin twin, AgentModel model, ModelStep step) => step switch
    {
        // The clock is the real one, and no person is there.
        ModelStep.Wait or ModelStep.Decide => null,
        // OpenSSH enforces maxsign for no such key; without an askpass program, a key that asks for each use is refused
        // here and useless there. A lifetime outlasts the test.
        ModelStep.Add add when IsManagement(model, add.Connection) && IsFreeFor(model, add.Connection, add.Key) =>
            add with { MaxSignatures = null, Confirm = false, Seconds = add.Seconds * 1000 },
        // A key that a connection is not shown is not removed by it here.
        ModelStep.Remove remove when IsManagement(model, remove.Connection)
            && IsFreeFor(model, remove.Connection, remove.Key) => remove,
        ModelStep.RemoveAll all when IsManagement(model, all.Connection) => all,
        ModelStep.Lock @lock when IsManagement(model, @lock.Connection) => @lock,
        ModelStep.Unlock unlock when IsManagement(model, unlock.Connection) => unlock,
        ModelStep.Add or ModelStep.Remove or ModelStep.RemoveAll or ModelStep.Lock or ModelStep.Unlock => null,
        // Data of no known meaning is asked for on a forwarded connection, which is a refusal where nobody is.
        ModelStep.Sign { Data: ModelData.Unknown or ModelData.OthersLogin } sign
            when model.IsForwarded(sign.Connection) => null,
        ModelStep.Bind bind when twin.Version < StrictBindings && (model.IsLocked
            || (bind.Signer != ModelSigner.Host && !model.IsBound(bind.Connection))) => null,
        _ => step,
    };

    /// <summary>A forwarded connection may only list, sign and bind here.</summary>
    private static bool IsManagement(AgentModel model, int connection) => !model.IsForwarded(connection);

    private static bool IsFreeFor(AgentModel model, int connection, int key) =>
        !model.Holds(key) || model.IsShown(connection, key);
}
