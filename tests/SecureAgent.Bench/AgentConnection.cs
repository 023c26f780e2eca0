using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace SecureAgent.Bench;

/// <summary>One connection to an agent. It blocks, because that costs the least beside the agent on the same
/// machine.</summary>
internal sealed class AgentConnection : IDisposable
{
    /// <summary>A whole SSH_AGENTC_REQUEST_IDENTITIES frame.</summary>
    public static readonly byte[] List = [0, 0, 0, 1, 11];

    private const byte SSH_AGENT_FAILURE = 5;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _answer = new byte[16 * 1024];

    private AgentConnection(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    /// <summary>Connects to an agent that listens.</summary>
    public static AgentConnection Open(string path) => new(path);

    /// <summary>Connects to an agent that is starting, as soon as it listens.</summary>
    public static AgentConnection Await(string path, Process agent)
    {
        while (true)
        {
            try
            {
                return new AgentConnection(path);
            }
            catch (SocketException) when (!agent.HasExited)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(0.2));
            }
        }
    }

    /// <summary>A whole SSH_AGENTC_SIGN_REQUEST frame.</summary>
    public static byte[] Sign(byte[] keyBlob, ReadOnlySpan<byte> data, uint flags)
    {
        byte[] frame = new byte[4 + 1 + 4 + keyBlob.Length + 4 + data.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        frame[4] = 13;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), keyBlob.Length);
        keyBlob.CopyTo(frame, 9);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(9 + keyBlob.Length), data.Length);
        data.CopyTo(frame.AsSpan(13 + keyBlob.Length));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), flags);
        return frame;
    }

    /// <summary>Sends a frame.</summary>
    public void Send(byte[] frame) => _socket.Send(frame);

    /// <summary>Reads one answer, which must not be SSH_AGENT_FAILURE.</summary>
    public void Receive()
    {
        int received = Fill(5);
        if (_answer[4] == SSH_AGENT_FAILURE)
        {
            throw new IOException("The agent answered SSH_AGENT_FAILURE.");
        }

        // What does not fit is of no interest.
        int left = 4 + BinaryPrimitives.ReadInt32BigEndian(_answer) - received;
        while (left > 0)
        {
            left -= Fill(1);
        }
    }

    public void Dispose() => _socket.Dispose();

    private int Fill(int least)
    {
        int received = 0;
        while (received < least)
        {
            int count = _socket.Receive(_answer.AsSpan(received));
            if (count == 0)
            {
                throw new IOException("The agent closed the connection.");
            }

            received += count;
        }

        return received;
    }
}
