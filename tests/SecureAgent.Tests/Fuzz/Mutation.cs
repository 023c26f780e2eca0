using System.Buffers.Binary;

namespace SecureAgent.Tests.Fuzz;

/// <summary>Changes samples a little, so that they stay close to what is understood.</summary>
internal static class Mutation
{
    private static readonly byte[][] Interesting =
    [
        [0x00], [0xff], [0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xfb],
        [0, 0, 0, 0], [0, 0, 0, 1], [0, 4, 0, 0], [0, 4, 0, 1], [50], [255], [9],
    ];

    /// <summary>Changes <paramref name="sample"/> in one to four places, with pieces of the corpus too.</summary>
    public static byte[] Of(Random random, byte[][] corpus, byte[] sample)
    {
        List<byte> bytes = [.. sample];
        for (int i = random.Next(1, 5); i > 0 && bytes.Count > 4; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, Interesting[random.Next(Interesting.Length)]);
                    break;
                case 4:
                    byte[] value = Interesting[random.Next(Interesting.Length)];
                    for (int j = 0; j < value.Length && at + j < bytes.Count; j++)
                    {
                        bytes[at + j] = value[j];
                    }

                    break;
                case 5:
                    byte[] other = corpus[random.Next(corpus.Length)];
                    int from = random.Next(other.Length + 1);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(64))]);
                    break;
                default:
                    // A length that is off by a little: the field before or behind is read into.
                    if (at + 4 <= bytes.Count)
                    {
                        byte[] length = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
                        uint number = BinaryPrimitives.ReadUInt32BigEndian(length) + (uint)random.Next(-4, 5);
                        BinaryPrimitives.WriteUInt32BigEndian(length, number);
                        for (int j = 0; j < 4; j++)
                        {
                            bytes[at + j] = length[j];
                        }
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
