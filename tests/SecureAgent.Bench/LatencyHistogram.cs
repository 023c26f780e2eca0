using System.Diagnostics;
using System.Numerics;

namespace SecureAgent.Bench;

/// <summary>Counts times in buckets of 1.6 % width, so that millions of requests need no memory.</summary>
internal sealed class LatencyHistogram
{
    private const int StepBits = 6;
    private const int Steps = 1 << StepBits;

    private static readonly double TicksPerMicrosecond = Stopwatch.Frequency / 1e6;

    private readonly long[] _buckets = new long[64 * Steps];
    private long _count;

    /// <summary>Counts one time, in ticks of <see cref="Stopwatch"/>.</summary>
    public void Add(long ticks)
    {
        ulong value = (ulong)Math.Max(ticks, 1);
        int shift = Math.Max(0, BitOperations.Log2(value) - StepBits);
        _buckets[(shift * Steps) + (int)(value >> shift)]++;
        _count++;
    }

    /// <summary>The time in microseconds that a share of the requests did not exceed.</summary>
    public double Quantile(double share)
    {
        long left = (long)Math.Ceiling(share * _count);
        int bucket = 0;
        while (bucket < _buckets.Length && (left -= _buckets[bucket]) > 0)
        {
            bucket++;
        }

        // Bucket b holds the values of b = shift * Steps + (value >> shift); the second term is at least Steps once
        // shift is not 0.
        int shift = Math.Max(0, (bucket / Steps) - 1);
        return ((bucket - (shift * Steps)) * Math.Pow(2, shift)) / TicksPerMicrosecond;
    }
}
