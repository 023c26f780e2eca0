using System.Diagnostics;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>Whether something is quick, on a machine that may be busy with something else.</summary>
internal static class Quickness
{
    private const int Rounds = 5;

    /// <summary>Does something many times, and again if it was slow: what makes it slow always does so in every round,
    /// and a busy machine does not.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <param name="times">How often it is done in a round.</param>
    /// <param name="share">The share of the times that must keep to the limit.</param>
    /// <param name="act">What is done.</param>
    public static async Task IsReachedAsync(TimeSpan limit, int times, double share, Func<Task> act)
    {
        for (int round = 1; ; round++)
        {
            List<TimeSpan> taken = [];
            for (int i = 0; i < times; i++)
            {
                Stopwatch watch = Stopwatch.StartNew();
                await act();
                taken.Add(watch.Elapsed);
            }

            taken.Sort();
            TimeSpan most = taken[(int)Math.Ceiling(times * share) - 1];
            string figures = $"median {taken[times / 2].TotalMilliseconds:0.0} ms, {share:P0} within "
                + $"{most.TotalMilliseconds:0.0} ms, all within {taken[^1].TotalMilliseconds:0.0} ms";
            TestContext.Current.TestOutputHelper?.WriteLine(figures);
            if (most <= limit)
            {
                return;
            }

            Assert.True(round < Rounds, $"{limit.TotalMilliseconds} ms were not reached in {round} rounds: {figures}");
        }
    }
}
