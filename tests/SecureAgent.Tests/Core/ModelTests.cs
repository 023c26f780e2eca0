using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>Random sequences of what clients and backends do, against a model small enough to be seen to be
/// right.</summary>
public sealed class ModelTests
{
    private const int Connections = 4;

    private static readonly TestKey[] Keys =
    [
        TestKey.Ed25519(), TestKey.Ecdsa(EcdsaCurve.NistP256), TestKey.Ecdsa(EcdsaCurve.NistP384), TestKey.Ed25519(),
    ];

    private static readonly TestKey Host = TestKey.Ed25519();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Agent_does_what_the_model_does(int seed)
    {
        Random random = new(seed);
        TestBackend[] backends = [new("even"), new("odd")];
        using TestAgent agent = new(backends);
        agent.Prompter.Answer = true; // A bind that failed makes a connection forwarded, which asks.
        Model model = new();
        AgentSession[] sessions = [.. Enumerable.Range(0, Connections).Select(_ => agent.Open())];
        for (int step = 0; step < 600; step++)
        {
            int connection = random.Next(Connections);
            int key = random.Next(Keys.Length);
            AgentSession session = sessions[connection];
            string description;
            object expected;
            object actual;
            switch (random.Next(20))
            {
                case 0: // A client leaves and another comes.
                    session.Dispose();
                    sessions[connection] = agent.Open();
                    model.Remote[connection] = model.Bound[connection] = false;
                    continue;
                case 1 or 2: // A key file comes or goes.
                    bool present = random.Next(2) == 0;
                    model.Offer(key, present);
                    int[] offered = [.. model.Offered.Where(other => other % 2 == key % 2).Order()];
                    backends[key % 2].Set([.. offered.Select(index => Keys[index].Identity($"{index}"))]);
                    continue;
                case 3 when random.Next(4) == 0:
                    description = "lock";
                    expected = model.Lock(connection);
                    actual = await TestAgent.TypeAsync(session, Requests.Lock("a"));
                    break;
                case 4 when random.Next(2) == 0:
                    description = "unlock";
                    expected = model.Unlock(connection);
                    actual = await TestAgent.TypeAsync(session, Requests.Unlock("a"));
                    break;
                case 5:
                    description = "bind";
                    expected = model.Bind(connection);
                    actual = await TestAgent.TypeAsync(session, Host.Bind([1], forwarding: false));
                    break;
                case 6 or 7:
                    description = $"remove {key}";
                    expected = model.Remove(connection, key);
                    actual = await TestAgent.TypeAsync(session, Requests.Remove(Keys[key].PublicKey.Blob));
                    break;
                case 8:
                    description = "remove all";
                    expected = model.RemoveAll(connection);
                    actual = await TestAgent.TypeAsync(session, [19]);
                    break;
                case < 14:
                    description = $"sign with {key}";
                    expected = model.Sign(key);
                    actual = await TestAgent.TypeAsync(session, Requests.Sign(Keys[key].PublicKey.Blob, [1]));
                    break;
                default:
                    description = "list";
                    expected = model.List();
                    actual = string.Join(' ', AgentResponse.DecodeIdentities(
                        await TestAgent.AskAsync(session, Requests.List)).Select(identity => identity.Comment));
                    break;
            }

            Assert.True(expected.Equals(actual),
                $"seed {seed}, step {step}: {description} on {connection} gave {actual} instead of {expected}");
        }

        Array.ForEach(sessions, session => session.Dispose());
    }

    private sealed class Model
    {
        private readonly HashSet<int> _hidden = [];
        private bool _locked;

        public HashSet<int> Offered { get; } = [];

        public bool[] Remote { get; } = new bool[Connections];

        public bool[] Bound { get; } = new bool[Connections];

        private IEnumerable<int> Listed => _locked ? [] : Offered.Except(_hidden).OrderBy(key => (key % 2, key));

        public void Offer(int key, bool present)
        {
            if (present)
            {
                Offered.Add(key);
            }
            else
            {
                Offered.Remove(key);
                _hidden.Remove(key);
            }
        }

        public string List() => string.Join(' ', Listed);

        public AgentMessageType Sign(int key) => Listed.Contains(key) ? SSH_AGENT_SIGN_RESPONSE : SSH_AGENT_FAILURE;

        // A session may be bound for a login once; a second bind fails.
        public AgentMessageType Bind(int connection)
        {
            bool again = Bound[connection];
            Remote[connection] |= again;
            Bound[connection] = true;
            return again ? SSH_AGENT_EXTENSION_FAILURE : SSH_AGENT_SUCCESS;
        }

        public AgentMessageType Lock(int connection)
        {
            if (Remote[connection] || _locked)
            {
                return SSH_AGENT_FAILURE;
            }

            _locked = true;
            return SSH_AGENT_SUCCESS;
        }

        public AgentMessageType Unlock(int connection)
        {
            if (Remote[connection] || !_locked)
            {
                return SSH_AGENT_FAILURE;
            }

            _locked = false;
            return SSH_AGENT_SUCCESS;
        }

        public AgentMessageType Remove(int connection, int key)
        {
            if (Remote[connection] || !Listed.Contains(key))
            {
                return SSH_AGENT_FAILURE;
            }

            _hidden.Add(key);
            return SSH_AGENT_SUCCESS;
        }

        public AgentMessageType RemoveAll(int connection)
        {
            if (Remote[connection] || _locked)
            {
                return SSH_AGENT_FAILURE;
            }

            _hidden.UnionWith(Offered);
            return SSH_AGENT_SUCCESS;
        }
    }
}
