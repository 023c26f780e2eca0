using SecureAgent.Channels.Relay;
using SecureAgent.Tests.Channels.Relay;

namespace SecureAgent.Tests.Fuzz;

/// <summary>Both sides of a relay, given a session of the other side that is changed a little: the relay ends, by itself
/// or with the documented exception.</summary>
public sealed class RelayFuzzTests
{
    private const int Rounds = 1500;

    private static readonly byte[] Hello = [0x89, .. "SAR\r\n"u8, 0x1a, (byte)'\n', 0, 0, 0, 1];

    private static readonly byte[][] FromListening =
    [
        [
            .. Hello, .. Frame(1, 1, 1, 2, 3), .. Frame(2, 1, 0, 0, 0, 1, 11), .. Frame(6, 0, 0, 0, 0, 0, 0, 0, 0, 1),
            .. Frame(1, 2), .. Frame(2, 2, 0, 0), .. Frame(2, 2, 0, 1, 11), .. Frame(3, 2), .. Frame(4, 1), .. Frame(4, 2),
        ],
        [.. Hello, .. Frame(1, 7), .. Frame(5, 7, 0, 0, 0, 1), .. Frame(3, 7), .. Frame(6, 0, 9, 9, 9, 9, 9, 9, 9, 9)],
    ];

    // The fuzzed listening side has opened connections 1 and 2.
    private static readonly byte[][] FromDialling =
    [
        [
            .. Hello, .. Frame(7, 0, 0, 0, 0, 0, 0, 0, 0, 1), .. Frame(2, 1, 0, 0, 0, 1, 5), .. Frame(2, 2, 0, 0, 0, 1, 5),
            .. Frame(3, 1), .. Frame(4, 1), .. Frame(3, 2), .. Frame(4, 2),
        ],
        [.. Hello, .. Frame(2, 2, 1, 2, 3), .. Frame(4, 2), .. Frame(2, 1, 0, 0, 0, 1, 5), .. Frame(5, 1, 0, 0, 0, 1)],
    ];

    [Fact]
    [Trait("Promise", "bad input never kills the agent")]
    public void The_dialling_side_ends_whatever_it_is_sent() => FuzzHarness.Run(Rounds, round =>
        round.Feed(Mutation.Of(round.Random, FromListening, FromListening[round.Random.Next(2)]), input =>
        {
            using PieceStream stream = new(round.Random, input);
            using RelayMultiplexer relay = RelayMultiplexer.Dialling(stream, stream, async (client, _) =>
            {
                await using (client)
                {
                    await DrainAsync(client);
                }
            });
            relay.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
        }, FuzzHarness.MaxAllocatedBytes, typeof(RelayProtocolException)));

    [Fact]
    public void The_listening_side_ends_whatever_it_is_sent_and_so_do_its_connections() =>
        FuzzHarness.Run(Rounds, round =>
            round.Feed(Mutation.Of(round.Random, FromDialling, FromDialling[round.Random.Next(2)]), input =>
            {
                using PieceStream stream = new(round.Random, input);
                using RelayMultiplexer relay = RelayMultiplexer.Listening(stream, stream, TimeProvider.System);
                Task[] clients =
                [
                    .. Enumerable.Range(0, 2).Select(_ =>
                        DrainAsync(relay.OpenAsync(default, CancellationToken.None).AsTask().GetAwaiter().GetResult())),
                ];
                try
                {
                    relay.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
                }
                finally
                {
                    Task.WhenAll(clients).GetAwaiter().GetResult();
                }
            }, FuzzHarness.MaxAllocatedBytes, typeof(RelayProtocolException)));

    private static byte[] Frame(byte type, byte connection, params byte[] payload) =>
        [type, 0, 0, 0, connection, 0, 0, 0, (byte)payload.Length, .. payload];

    private static async Task DrainAsync(RelayStream stream)
    {
        try
        {
            await stream.CopyToAsync(Stream.Null);
        }
        catch (IOException)
        {
            // Cut off.
        }
    }

    /// <summary>Gives its bytes in pieces of random sizes, and takes whatever is written.</summary>
    private sealed class PieceStream(Random random, byte[] input) : MemoryStream
    {
        private int _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = Math.Min(Math.Min(buffer.Length, input.Length - _at), random.Next(1, 40));
            input.AsSpan(_at, count).CopyTo(buffer.Span);
            _at += count;
            return new ValueTask<int>(count);
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
    }
}
