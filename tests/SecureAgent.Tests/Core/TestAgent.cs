using System.Buffers;
using SecureAgent.Backends.Memory;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Core;

/// <summary>An agent with everything around it that a test may look at.</summary>
internal sealed class TestAgent : IDisposable
{
    public TestAgent(params IKeyBackend[] backends) : this(new AgentOptions(), backends)
    {
    }

    /// <summary>An agent with options; its lifetimes and delays run on <see cref="Time"/>.</summary>
    public TestAgent(AgentOptions options, params IKeyBackend[] backends)
    {
        AgentOptions effective = options with { LifetimeClock = Time };
        Agent = new SshAgent(backends, Prompter, Log, new LockedMemory(), Time, effective);
    }

    public RecordingLog Log { get; } = new();

    public TestPrompter Prompter { get; } = new();

    public ManualTime Time { get; } = new();

    public SshAgent Agent { get; }

    public static TestAgent With(params TestKey[] keys) =>
        new(new TestBackend("test", [.. keys.Select((key, index) => key.Identity($"key{index}"))]));

    public AgentSession Open() => Agent.OpenSession(new PeerInfo("test"));

    /// <summary>Opens a session of a process chain, nearest first, in one session of the system.</summary>
    public AgentSession OpenAs(params string[] images) => Agent.OpenSession(new PeerInfo("test")
    {
        ReadProcesses = () =>
        [
            .. images.Select((image, index) => new PeerProcess(100 + image.Length + index, image)
            {
                SessionId = 7,
                StartTime = 1000,
            }),
        ],
    });

    /// <summary>Asks on a connection of its own.</summary>
    public async Task<byte[]> AskAsync(byte[] request)
    {
        using AgentSession session = Open();
        return await AskAsync(session, request);
    }

    public static Task<byte[]> AskAsync(AgentSession session, byte[] request) =>
        AskUntilAsync(session, request, TestContext.Current.CancellationToken);

    /// <summary>Asks as a client that leaves when <paramref name="ct"/> is cancelled.</summary>
    public static async Task<byte[]> AskUntilAsync(AgentSession session, byte[] request, CancellationToken ct)
    {
        ArrayBufferWriter<byte> response = new();
        await session.HandleAsync(new ReadOnlySequence<byte>(request), response, ct);
        return response.WrittenSpan.ToArray();
    }

    public static async Task<AgentMessageType> TypeAsync(AgentSession session, byte[] request) =>
        AgentResponse.TypeOf(await AskAsync(session, request));

    public async Task<AgentMessageType> TypeAsync(byte[] request) => AgentResponse.TypeOf(await AskAsync(request));

    public async Task<string[]> ListAsync() =>
        [.. AgentResponse.DecodeIdentities(await AskAsync(Requests.List)).Select(identity => identity.Comment)];

    public void Dispose() => Agent.Dispose();
}
