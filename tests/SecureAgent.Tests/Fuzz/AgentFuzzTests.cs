using System.Buffers;
using System.Text;
using SecureAgent.Backends.Memory;
using SecureAgent.Backends.Software;
using SecureAgent.Core;
using SecureAgent.Tests.Core;
using SecureAgent.Tests.Wire;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Fuzz;

/// <summary>The whole agent with real keys on mutated messages: one well-formed answer to each, and nothing but what
/// the answer says.</summary>
public sealed class AgentFuzzTests
{
    private const int Rounds = 1000;
    private const int MessagesPerRound = 12;

    /// <summary>Locking and unlocking takes a tenth of a second each time.</summary>
    private const int RoundsPerLockedOne = 150;

    private static readonly TestKey Ed25519 = TestKey.Ed25519();
    private static readonly TestKey Ecdsa = TestKey.Ecdsa(EcdsaCurve.NistP384);
    private static readonly TestKey Rsa = TestKey.Rsa();
    private static readonly TestKey Host = TestKey.Ed25519();
    private static readonly TestKey OtherHost = TestKey.Ecdsa(EcdsaCurve.NistP256);
    private static readonly AddedKey Added = new(5);

    [Fact]
    [Trait("Promise", "bad input never kills the agent")]
    public void Every_message_gets_one_well_formed_answer()
    {
        byte[][] corpus = [.. WireVectors.Names("req-*.bin").Select(WireVectors.Bytes), .. Messages()];
        using SoftwareKeys keys = new(new LockedMemory(), TimeProvider.System);
        int[] answers = new int[256];
        FuzzHarness.Run(Rounds, round =>
        {
            Random random = round.Random;
            TestBackend backend = new(
                "test", Ed25519.Identity("ed25519"), Ecdsa.Identity("ecdsa"), Rsa.Identity("rsa"));
            using TestAgent agent = new(
                new AgentOptions
                {
                    SoftwareKeys = random.Next(10) == 0 ? null : keys,
                    Forwarded = random.Next(3) == 0 ? (ForwardedRights)random.Next(16) : ForwardedRights.None,
                },
                backend);
            agent.Prompter.Answer = random.Next(2) == 0;
            bool locked = random.Next(RoundsPerLockedOne) == 0;
            if (locked)
            {
                Assert.Equal([6], Ask(agent.Open(), Requests.Lock("secret")));
            }

            using AgentSession near = agent.Open();
            using AgentSession far = agent.Open();
            _ = Ask(far, Host.Bind([1], forwarding: random.Next(2) == 0));
            for (int i = 0; i < MessagesPerRound; i++)
            {
                AgentSession session = random.Next(2) == 0 ? near : far;
                byte[] message = corpus[random.Next(corpus.Length)];
                message = random.Next(8) == 0 ? message : Mutation.Of(random, corpus, message);
                if (message is [22 or 23, ..] && random.Next(RoundsPerLockedOne) != 0)
                {
                    continue;
                }

                agent.Time.Advance(TimeSpan.FromSeconds(10)); // Past the delay of a wrong passphrase.
                locked = agent.Agent.Status.IsLocked;
                byte[][] before = Listed(agent);
                bool wasForwarded = session.IsForwarded;
                byte[] answer = [];
                round.Feed(message, input => answer = Ask(session, input), FuzzHarness.MaxAllocatedBytes);
                answers[answer[0]]++;
                RequireWellFormed(answer);
                Assert.True(session.IsForwarded || !wasForwarded);
                RequireEffect(agent, message, answer, before, locked);
            }

            Assert.DoesNotContain(agent.Log.Refusals, refusal => refusal.Refusal == Refusal.InternalError);
        });
        Assert.All((int[])[5, 6, 12, 14, 28], type => Assert.True(answers[type] > 50, $"{answers[type]} of {type}"));
    }

    /// <summary>What no recording has: constraints of this agent, bindings of hosts that sign, logins with listed
    /// keys.</summary>
    private static IEnumerable<byte[]> Messages()
    {
        DestinationHop here = new("", "", []);
        DestinationHop host = new("m*", "host", [new KeySpecification(Host.PublicKey.Blob, false)]);
        yield return Requests.Add(Added, "plain");
        yield return Requests.Add(Added, "max", new KeyConstraint.MaxSignatures(2), KeyConstraint.Confirm.Instance);
        yield return Requests.Add(Added, "there", new KeyConstraint.Lifetime(3),
            new KeyConstraint.RestrictDestination([new DestinationConstraint(here, host)]));
        yield return Host.Bind([1], forwarding: true);
        yield return Host.Bind([2], forwarding: false);
        yield return OtherHost.Bind([3], forwarding: true);
        yield return Requests.Extension("query");
        yield return Requests.Extension("unknown@example.org", 1, 2, 3);
        yield return Requests.Lock("secret");
        yield return Requests.Unlock("secret");
        foreach (PublicKey key in (PublicKey[])[Added.PublicKey, Ed25519.PublicKey, Ecdsa.PublicKey, Rsa.PublicKey])
        {
            yield return Requests.Sign(key.Blob, [1, 2, 3], SignatureFlags.SSH_AGENT_RSA_SHA2_256);
            yield return Requests.Sign(
                key.Blob,
                Requests.Login([1], "me", key, Host.PublicKey.Blob),
                SignatureFlags.SSH_AGENT_RSA_SHA2_512);
            yield return Requests.Remove(key.Blob);
        }
    }

    private static byte[] Ask(AgentSession session, byte[] message)
    {
        ArrayBufferWriter<byte> response = new();
        session.HandleAsync(new ReadOnlySequence<byte>(message), response, CancellationToken.None)
            .AsTask().GetAwaiter().GetResult();
        return response.WrittenSpan.ToArray();
    }

    private static byte[][] Listed(TestAgent agent)
    {
        using AgentSession session = agent.Open();
        return [.. AgentResponse.DecodeIdentities(Ask(session, Requests.List)).Select(identity =>
            (byte[])[.. identity.Blob.Span, .. Encoding.UTF8.GetBytes(identity.Comment)])];
    }

    private static void RequireWellFormed(byte[] answer)
    {
        switch (AgentResponse.TypeOf(answer))
        {
            case SSH_AGENT_IDENTITIES_ANSWER:
                _ = AgentResponse.DecodeIdentities(answer);
                break;
            case SSH_AGENT_SIGN_RESPONSE:
                _ = AgentResponse.DecodeSignature(answer);
                break;
            case SSH_AGENT_EXTENSION_RESPONSE:
                _ = AgentResponse.DecodeQueryResponse(answer);
                break;
            default:
                Assert.True(answer is [5 or 6 or 28], Convert.ToHexStringLower(answer));
                break;
        }
    }

    /// <summary>What is refused changes nothing, and what is accepted is there.</summary>
    private static void RequireEffect(TestAgent agent, byte[] message, byte[] answer, byte[][] before, bool locked)
    {
        byte[][] after = Listed(agent);
        if (answer[0] is 5 or 28)
        {
            Assert.Equal(before, after);
        }

        if (locked)
        {
            Assert.Empty(before);
            Assert.NotEqual(SSH_AGENT_SIGN_RESPONSE, AgentResponse.TypeOf(answer));
        }
        else if (answer[0] == 6 && AgentRequest.Decode(message) is AgentRequest.AddIdentity add
            && !add.Constraints.Contains(new KeyConstraint.Lifetime(0)))
        {
            using PrivateKey key = add.DecodeKey();
            byte[] added = [.. key.Blob.Span, .. Encoding.UTF8.GetBytes(add.Comment)];
            Assert.Contains(after, listed => listed.AsSpan().SequenceEqual(added));
        }
    }
}
