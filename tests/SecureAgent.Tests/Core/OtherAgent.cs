using System.Buffers;
using System.Buffers.Binary;
using SecureAgent.Core;

namespace SecureAgent.Tests.Core;

/// <summary>An agent that is reached through a dialer, and can be absent, silent or restarted.</summary>
internal sealed class OtherAgent(TestAgent agent) : IAgentDialer
{
    private readonly List<AgentStream> _streams = [];

    public bool IsAbsent { get; set; }

    public bool IsSilent { get; set; }

    public int Connections { get; private set; }

    /// <summary>Every request that reached it, as it came.</summary>
    public List<byte[]> Requests { get; } = [];

    public TestAgent Agent => agent;

    /// <summary>Breaks every connection, as a restart does.</summary>
    public void Restart() => _streams.ForEach(stream => stream.IsBroken = true);

    public ValueTask<Stream> ConnectAsync(CancellationToken ct)
    {
        if (IsAbsent)
        {
            throw new ChannelException("there is no such socket");
        }

        Connections++;
        AgentStream stream = new(this, agent.Open());
        _streams.Add(stream);
        return new ValueTask<Stream>(stream);
    }

    /// <summary>One connection: a frame written is answered at the next read.</summary>
    private sealed class AgentStream(OtherAgent owner, AgentSession session) : MemoryStream
    {
        private readonly MemoryStream _answers = new();
        private int _read;

        public bool IsBroken { get; set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
        {
            if (IsBroken)
            {
                throw new IOException("Broken pipe");
            }

            byte[] request = buffer[4..].ToArray();
            Assert.Equal(request.Length, BinaryPrimitives.ReadInt32BigEndian(buffer.Span));
            owner.Requests.Add(request);
            byte[] answer = await TestAgent.AskUntilAsync(session, request, cancellationToken);
            byte[] head = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(head, answer.Length);
            _answers.Write(head);
            _answers.Write(answer);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (owner.IsSilent)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            int count = Math.Min(buffer.Length, (int)_answers.Length - _read);
            _answers.GetBuffer().AsSpan(_read, count).CopyTo(buffer.Span);
            _read += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            session.Dispose();
            _answers.Dispose();
            base.Dispose(disposing);
        }
    }
}
