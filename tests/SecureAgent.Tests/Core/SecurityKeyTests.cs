using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SecureAgent.Core;
using SecureAgent.Wire;
using static SecureAgent.Wire.AgentMessageType;

namespace SecureAgent.Tests.Core;

/// <summary>Keys of security keys that clients add: who may, with which library, and what they may sign.</summary>
public sealed class SecurityKeyTests : IDisposable
{
    private static readonly TestKey Host = TestKey.Ed25519();

    private readonly OneSecurityKey _device = new("ssh:");
    private readonly TestAgent _agent;

    public SecurityKeyTests() => _agent = With(_device);

    public void Dispose() => _agent.Dispose();

    [Fact]
    public async Task Signature_leaves_with_the_flags_and_the_counter_of_the_security_key()
    {
        Assert.Equal(SSH_AGENT_SUCCESS, await _agent.TypeAsync(_device.Add("/lib/sk.so")));
        SignatureBlob signature = AgentResponse.DecodeSignature(
            await _agent.AskAsync(Requests.Sign(_device.PublicKey.Blob, [1])));
        Assert.Equal("sk-ssh-ed25519@openssh.com", signature.Algorithm.Name);
        Assert.Equal((5, 0x01020304u), (signature.SkFlags, signature.SkCounter));
        Assert.Equal("/lib/sk.so", _device.Provider);
    }

    [Fact]
    public async Task Signature_of_other_data_does_not_leave()
    {
        await _agent.AskAsync(_device.Add("/lib/sk.so"));
        _device.Change = raw => raw[^1]++; // The counter is signed, too.
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(_device.PublicKey.Blob, [1])));
        Assert.Equal(Refusal.BadSignature, Assert.Single(_agent.Log.Refusals).Refusal);
    }

    [Fact]
    public async Task Every_constraint_holds_and_the_end_of_the_key_is_the_end_of_its_handle()
    {
        _agent.Prompter.Answer = true;
        await _agent.AskAsync(_device.Add(
            "/lib/sk.so", KeyConstraint.Confirm.Instance, new KeyConstraint.MaxSignatures(2),
            new KeyConstraint.Lifetime(60)));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await _agent.TypeAsync(Requests.Sign(_device.PublicKey.Blob, [1])));
        Assert.Equal(1, _agent.Prompter.Asked);
        await _agent.AskAsync(Requests.Lock("x"));
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(_device.PublicKey.Blob, [1])));
        await _agent.AskAsync(Requests.Unlock("x"));
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await _agent.TypeAsync(Requests.Sign(_device.PublicKey.Blob, [1])));
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(Requests.Sign(_device.PublicKey.Blob, [1])));
        Assert.Equal(0, _device.Live);
        await _agent.AskAsync(_device.Add("/lib/sk.so", new KeyConstraint.Lifetime(60)));
        _agent.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(0, _device.Live);
    }

    [Theory]
    [InlineData("/lib/sk.so", false, ForwardedRights.None, SSH_AGENT_SUCCESS)]
    [InlineData("/lib/sk.so", true, ForwardedRights.None, SSH_AGENT_FAILURE)]
    [InlineData("/lib/sk.so", true, ForwardedRights.Providers, SSH_AGENT_SUCCESS)]
    [InlineData("internal", true, ForwardedRights.None, SSH_AGENT_SUCCESS)]
    [InlineData("INTERNAL", true, ForwardedRights.None, SSH_AGENT_SUCCESS)]
    [Trait("Promise", "remote provider load refused")]
    public async Task Connection_that_serves_a_session_names_no_library(
        string provider, bool isBound, ForwardedRights rights, AgentMessageType expected)
    {
        using TestAgent agent = With(_device, rights);
        using AgentSession session = agent.Open();
        if (isBound)
        {
            await TestAgent.AskAsync(session, Host.Bind([1], forwarding: false));
        }

        Assert.Equal(expected, await TestAgent.TypeAsync(session, _device.Add(provider)));
        Assert.Equal(expected == SSH_AGENT_SUCCESS ? 1 : 0, _device.Live);
    }

    [Fact]
    public async Task Key_without_a_library_is_refused()
    {
        Assert.Equal(SSH_AGENT_FAILURE, await _agent.TypeAsync(_device.Add(null)));
        Assert.Contains("ssh-add -S", Assert.Single(_agent.Log.Refusals).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_of_a_web_site_signs_only_what_belongs_to_SSH()
    {
        OneSecurityKey device = new("https://bank.example");
        using TestAgent agent = With(device);
        await agent.AskAsync(device.Add("/lib/sk.so"));
        Assert.Equal(SSH_AGENT_FAILURE, await agent.TypeAsync(Requests.Sign(device.PublicKey.Blob, [1])));
        Assert.Equal(Refusal.PolicyDenied, Assert.Single(agent.Log.Refusals).Refusal);
        byte[] login = Requests.Login([1], "me", device.PublicKey);
        Assert.Equal(SSH_AGENT_SIGN_RESPONSE, await agent.TypeAsync(Requests.Sign(device.PublicKey.Blob, login)));
    }

    private static TestAgent With(OneSecurityKey device, ForwardedRights rights = ForwardedRights.None) => new(
        new AgentOptions { SoftwareKeys = new TestKeyStore(), SecurityKeys = device, Forwarded = rights });

    /// <summary>A security key with one Ed25519 key on it.</summary>
    private sealed class OneSecurityKey : ISecurityKeys
    {
        private readonly byte[] _seed = RandomNumberGenerator.GetBytes(32);
        private readonly byte[] _plain;

        public OneSecurityKey(string application)
        {
            _plain = Ed25519.PublicKeyOf(_seed);
            PublicKey = new SkEd25519PublicKey(_plain, application);
        }

        public SkEd25519PublicKey PublicKey { get; }

        public string? Provider { get; private set; }

        public int Live { get; private set; }

        public Action<byte[]> Change { get; set; } = _ => { };

        public IHeldKey Hold(SkPrivateKey key, string provider)
        {
            Provider = provider;
            Live++;
            return new Held(this);
        }

        public byte[] Add(string? provider, params KeyConstraint[] constraints)
        {
            ArrayBufferWriter<byte> fields = new();
            WireWriter writer = new(fields);
            writer.WriteBytes(PublicKey.Blob.Span);
            writer.WriteByte(5);
            writer.WriteString([1, 2, 3]);
            writer.WriteString([]);
            if (provider is not null)
            {
                constraints = [.. constraints, new KeyConstraint.SkProvider(provider)];
            }

            return Requests.Encode(new AgentRequest.AddIdentity(
                fields.WrittenMemory, "sk"u8.ToArray(), constraints, constraints.Length > 0));
        }

        private sealed class Held(OneSecurityKey device) : IHeldKey
        {
            public ValueTask<byte[]> SignAsync(
                SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
            {
                // OpenSSH, PROTOCOL.u2f.
                byte[] tail = [5, 0, 0, 0, 0];
                BinaryPrimitives.WriteUInt32BigEndian(tail.AsSpan(1), 0x01020304);
                byte[] application = SHA256.HashData(Encoding.UTF8.GetBytes(device.PublicKey.Application));
                byte[] signed = [.. application, .. tail, .. SHA256.HashData(data.Span)];
                byte[] raw = [.. Ed25519.Sign(device._seed, device._plain, signed), .. tail];
                device.Change(raw);
                return new ValueTask<byte[]>(raw);
            }

            public void Dispose() => device.Live--;
        }
    }
}
