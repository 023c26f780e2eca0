using System.Buffers;
using System.Buffers.Binary;
using SecureAgent.Channels;

namespace SecureAgent.Tests.Fuzz;

/// <summary>Frames in any pieces, with lengths that are wrong, against a splitter that has the whole stream before
/// it.</summary>
public sealed class FrameFuzzTests
{
    private const int Rounds = 1200;

    [Fact]
    [Trait("Promise", "bad input never kills the agent")]
    public void Frames_are_taken_off_the_stream_as_if_it_were_there_at_once() => FuzzHarness.Run(Rounds, round =>
    {
        byte[] input = Input(round.Random);
        // Every answer is a copy of a frame; what is rented lies in pools, whose arrays may be new.
        round.Feed(input, _ =>
        {
            using PieceStream stream = new(round.Random, input);
            StreamConnection connection = new(stream, EchoAsync, _ => true, TimeProvider.System);
            connection.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
            Assert.Equal(Expected(input), stream.Written);
        }, 16L * StreamConnection.MaxBodySizeBytes);
    });

    private static byte[] Input(Random random)
    {
        MemoryStream input = new();
        byte[] prefix = new byte[4];
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            int size = random.Next(12) switch
            {
                0 => 0,
                1 => random.Next(1000, 1050),
                2 => random.Next(4050, 4120),
                3 when random.Next(8) == 0 => StreamConnection.MaxBodySizeBytes + random.Next(-1, 2),
                _ => random.Next(1, 40),
            };
            byte[] body = new byte[Math.Min(size, StreamConnection.MaxBodySizeBytes)];
            random.NextBytes(body);
            uint length = random.Next(40) == 0 ? (uint)random.NextInt64(1L << 32) : (uint)size;
            BinaryPrimitives.WriteUInt32BigEndian(prefix, random.Next(8) == 0 ? length : (uint)Math.Max(1, size));
            input.Write(prefix);
            input.Write(body);
        }

        byte[] bytes = input.ToArray();
        return random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static byte[] Expected(byte[] input)
    {
        MemoryStream output = new();
        int at = 0;
        while (at + 4 <= input.Length
            && BinaryPrimitives.ReadUInt32BigEndian(input.AsSpan(at)) is > 0 and <= 262144 and var size
            && size <= (uint)(input.Length - at - 4))
        {
            output.Write(input, at, 4 + (int)size);
            at += 4 + (int)size;
        }

        return output.ToArray();
    }

    /// <summary>Answers with the request, at once or later as its first byte says.</summary>
    private static async ValueTask EchoAsync(
        ReadOnlySequence<byte> request, IBufferWriter<byte> response, CancellationToken ct)
    {
        if (request.FirstSpan[0] % 4 == 0)
        {
            await Task.Yield();
        }

        response.Write(request.ToArray());
    }

    /// <summary>Gives its bytes in pieces of random sizes, at once or later.</summary>
    private sealed class PieceStream(Random random, byte[] input) : MemoryStream
    {
        private readonly MemoryStream _written = new();
        private int _at;

        public byte[] Written => _written.ToArray();

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (random.Next(3) == 0)
            {
                await Task.Yield();
            }

            int most = random.Next(4) == 0 ? 4 : random.Next(3) == 0 ? 1500 : 100_000;
            int count = Math.Min(Math.Min(buffer.Length, input.Length - _at), random.Next(1, most));
            input.AsSpan(_at, count).CopyTo(buffer.Span);
            _at += count;
            return count;
        }

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            _written.Write(buffer.Span);
        }

        protected override void Dispose(bool disposing)
        {
            _written.Dispose();
            base.Dispose(disposing);
        }
    }
}
