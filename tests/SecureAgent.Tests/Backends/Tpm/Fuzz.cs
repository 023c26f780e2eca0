using SecureAgent.Tests.Fuzz;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Seeded mutation.</summary>
internal static class Fuzz
{
    /// <summary>Runs <paramref name="body"/> with <paramref name="count"/> seeds or more
    /// (<see cref="FuzzHarness.Seeds"/>).</summary>
    public static void Run(int count, Action<Random> body)
    {
        foreach (int seed in FuzzHarness.Seeds(count))
        {
            try
            {
                body(new Random(seed));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    /// <summary>A copy with a few bytes changed, cut, doubled or added; the size field of a TPM response is made to fit
    /// in most cases, so that what is behind it is reached.</summary>
    public static byte[] Mutate(Random random, byte[] original, bool isResponse = true)
    {
        List<byte> bytes = [.. original];
        int changes = 1 + random.Next(3);
        for (int i = 0; i < changes && bytes.Count > 0; i++)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(2) == 0 ? (byte)0 : (byte)0xFF;
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)));
                    break;
                default:
                    bytes.Add((byte)random.Next(256));
                    break;
            }
        }

        byte[] mutated = [.. bytes];
        if (isResponse && mutated.Length >= 10 && random.Next(8) != 0)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(mutated.AsSpan(2), mutated.Length);
        }

        return mutated;
    }
}
