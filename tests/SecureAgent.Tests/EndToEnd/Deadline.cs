using System.Diagnostics;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>How long a test waits for another process before it fails.</summary>
internal static class Deadline
{
    /// <summary>Generous, because build machines are slow.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(60);

    /// <summary>Waits until <paramref name="condition"/> holds, which another process brings about without
    /// telling.</summary>
    public static Task UntilAsync(Func<bool> condition, Func<string> otherwise) =>
        UntilAsync(() => Task.FromResult(condition()), otherwise);

    /// <summary>Waits until <paramref name="condition"/> holds, which another process brings about without
    /// telling.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Span)
            {
                Assert.Fail($"Not within {Span.TotalSeconds} s: {otherwise()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }
}
