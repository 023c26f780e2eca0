using System.Buffers;
using System.Net.Sockets;
using SecureAgent.Channels;
using SecureAgent.Channels.UnixSocket;
using SecureAgent.Tests.Core;

namespace SecureAgent.Tests.Channels.UnixSocket;

/// <summary>On real sockets, with a table of eight places of which one process may have six.</summary>
public sealed class ConnectionTableTests : IDisposable
{
    private const int Capacity = 8;
    private const int Share = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTime _time = new();
    private readonly ConnectionTable _table;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly EpollLoop? _loop;
    private readonly List<Client> _clients = [];

    public ConnectionTableTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix sockets are served on Linux.");
        _table = new ConnectionTable(Capacity, _time);
        _loop = new EpollLoop();
        _loop.Start("test");
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory.Path, "s")));
        _listener.Listen();
    }

    [Fact]
    public void Full_table_closes_the_connection_that_has_been_idle_longest()
    {
        List<Client> clients = Fill();
        clients[0].Ask(); // So that the second has been idle longest.
        _time.Advance(Second);
        Assert.Equal(TimeSpan.Zero, _table.MakeRoom());
        Assert.True(clients[1].IsClosed);
        Assert.True(_table.HasRoom);
        clients.RemoveAt(1);
        Assert.All(clients, client => client.Ask());
    }

    [Fact]
    public void Connection_with_a_request_under_way_is_never_closed()
    {
        List<Client> clients = Fill();
        clients[0].Begin();
        _time.Advance(Second);
        Assert.Equal(TimeSpan.Zero, _table.MakeRoom());
        Assert.True(clients[1].IsClosed);
        clients[0].End();
        clients[0].Ask();
    }

    [Fact]
    public void Connection_that_has_only_just_come_is_given_time_to_ask()
    {
        List<Client> clients = Fill();
        _time.Advance(TimeSpan.FromMilliseconds(100));
        TimeSpan wait = _table.MakeRoom();
        Assert.InRange(wait, TimeSpan.FromMilliseconds(1), Second);
        Assert.All(clients, client => client.Ask());
        _time.Advance(Second);
        Assert.Equal(TimeSpan.Zero, _table.MakeRoom());
    }

    [Fact]
    public void Process_that_holds_most_loses_one_of_its_own()
    {
        Client longest = Open(1);
        _time.Advance(Second);
        List<Client> hoarder = [.. Enumerable.Range(0, Share).Select(_ => Open(2))];
        Open(3);
        _time.Advance(Second);
        Assert.Equal(TimeSpan.Zero, _table.MakeRoom());
        Assert.True(hoarder[0].IsClosed);
        longest.Ask();
    }

    [Fact]
    public void One_process_cannot_take_every_place()
    {
        List<Client> hoarder = [.. Enumerable.Range(0, Share).Select(_ => Open(1))];
        hoarder.ForEach(client => client.Begin());
        Assert.False(Open(1).IsServed);
        Assert.True(Open(2).IsServed);
        Assert.True(_table.HasRoom);
        hoarder[2].End();
        Assert.True(Open(1).IsServed);
        Assert.True(hoarder[2].IsClosed);
        hoarder.Except([hoarder[2]]).ToList().ForEach(client => client.End());
    }

    [Fact]
    public void Connection_that_has_ended_gives_its_place_back()
    {
        List<Client> clients = Fill();
        Assert.False(_table.HasRoom);
        clients[3].Dispose();
        Assert.True(SpinWait.SpinUntil(() => _table.HasRoom, Patience));
    }

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        _loop?.Dispose();
        _listener.Dispose();
        _directory.Dispose();
    }

    /// <summary>Fills the table with clients of a process each, one after the other.</summary>
    private List<Client> Fill()
    {
        List<Client> clients = [];
        for (int i = 1; i <= Capacity; i++)
        {
            clients.Add(Open(i));
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        return clients;
    }

    private Client Open(int processId)
    {
        Client client = new(_listener, _loop!, _table, processId, _time);
        _clients.Add(client);
        return client;
    }

    /// <summary>Both ends of a connection.</summary>
    private sealed class Client : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly UnixConnection _connection;
        private readonly ConnectionTable _table;
        private TaskCompletionSource _answering = new();
        private volatile bool _begun;

        public Client(Socket listener, EpollLoop loop, ConnectionTable table, int processId, TimeProvider time)
        {
            _socket.Connect(listener.LocalEndPoint!);
            _socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
            int accepted = Libc.Accept(listener.SafeHandle, 0, 0, Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK);
            _table = table;
            _answering.SetResult();
            EpollStream stream = new(loop, accepted);
            StreamConnection frames = new(stream, AnswerAsync, _ => true, time);
            _connection = new UnixConnection(processId, stream, frames);
            IsServed = table.TryAdd(_connection);
            if (IsServed)
            {
                _ = ServeAsync(stream, frames);
            }
            else
            {
                stream.Dispose();
            }
        }

        public bool IsServed { get; }

        /// <summary>Whether the agent has closed it.</summary>
        public bool IsClosed => _socket.Receive(new byte[1]) == 0;

        /// <summary>A whole request.</summary>
        public void Ask()
        {
            Begin();
            End();
        }

        /// <summary>A request that is under way afterwards.</summary>
        public void Begin()
        {
            _begun = false;
            _answering = new TaskCompletionSource();
            _socket.Send([0, 0, 0, 1, 7]);
            Assert.True(SpinWait.SpinUntil(() => _begun, Patience));
        }

        /// <summary>Its end.</summary>
        public void End()
        {
            _answering.SetResult();
            byte[] answer = new byte[5];
            Assert.Equal(answer.Length, _socket.Receive(answer));
            Assert.True(SpinWait.SpinUntil(() => _connection.IdleSince is not null, Patience));
        }

        public void Dispose()
        {
            _answering.TrySetResult();
            _socket.Dispose();
        }

        private async Task ServeAsync(EpollStream stream, StreamConnection frames)
        {
            await frames.RunAsync(CancellationToken.None);
            await stream.DisposeAsync();
            _table.Remove(_connection);
        }

        private async ValueTask AnswerAsync(
            ReadOnlySequence<byte> request, IBufferWriter<byte> response, CancellationToken ct)
        {
            Task answering = _answering.Task;
            _begun = true;
            await answering;
            response.Write([(byte)7]);
        }
    }
}
