using System.Diagnostics;
using System.Globalization;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Fuzz;

/// <summary>Runs fuzz tests: a fixed number of seeded rounds each, and on for as long as SECURE_AGENT_FUZZ_SECONDS says
/// after that. A failure says its seed and input, and so does an input that never ends.</summary>
internal static class FuzzHarness
{
    /// <summary>What one message may make a parser allocate.</summary>
    public const long MaxAllocatedBytes = 2 * WireLimits.MaxMessageBytes;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Counts from 0 for so many rounds, or for as long as the environment says.</summary>
    public static IEnumerable<int> Seeds(int rounds)
    {
        string? seconds = Environment.GetEnvironmentVariable("SECURE_AGENT_FUZZ_SECONDS");
        TimeSpan budget = TimeSpan.FromSeconds(
            double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : 0);
        long start = Stopwatch.GetTimestamp();
        for (int seed = 0; seed < rounds || Stopwatch.GetElapsedTime(start) < budget; seed++)
        {
            yield return seed;
        }
    }

    /// <summary>Runs <paramref name="body"/> for each seed, on a thread that is watched.</summary>
    /// <returns>How many inputs were executed.</returns>
    public static long Run(int rounds, Action<FuzzRound> body)
    {
        FuzzRound current = new(0);
        Exception? failure = null;
        long executions = 0;
        long start = Stopwatch.GetTimestamp();
        // A thread of its own: it can be left behind when it hangs, and counts its own allocations.
        Thread thread = new(() =>
        {
            try
            {
                foreach (int seed in Seeds(rounds))
                {
                    FuzzRound round = new(seed);
                    Volatile.Write(ref current, round);
                    body(round);
                    executions += round.Executions;
                }
            }
#pragma warning disable CA1031 // It is thrown again on the test's own thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = e;
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        while (!thread.Join(TimeSpan.FromSeconds(1)))
        {
            FuzzRound watched = Volatile.Read(ref current);
            Assert.True(watched.Age < Patience, $"{watched} does not end");
        }

        if (failure is not null)
        {
            throw new InvalidOperationException($"{current}: {failure.Message}", failure);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{executions} inputs, {executions / Stopwatch.GetElapsedTime(start).TotalSeconds:0} a second"));
        return executions;
    }

    /// <summary>Runs <paramref name="read"/> on mutations of a corpus.</summary>
    /// <returns>How many of them were taken.</returns>
    public static int Mutate(
        int rounds,
        byte[][] corpus,
        Action<byte[]> read,
        params Type[] documented)
    {
        int taken = 0;
        Run(rounds, round =>
        {
            byte[] input = Mutation.Of(round.Random, corpus, corpus[round.Random.Next(corpus.Length)]);
            taken += round.Feed(input, read, MaxAllocatedBytes, documented) ? 1 : 0;
        });
        return taken;
    }
}
