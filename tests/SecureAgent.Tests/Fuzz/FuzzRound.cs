using System.Diagnostics;

namespace SecureAgent.Tests.Fuzz;

/// <summary>One round of a fuzz test: everything in it follows from its seed.</summary>
internal sealed class FuzzRound(int seed)
{
    private long _fedAt = Stopwatch.GetTimestamp();
    private byte[] _input = [];

    public Random Random { get; } = new(seed);

    /// <summary>How many inputs were given to the code under test.</summary>
    public int Executions { get; private set; }

    /// <summary>How long the input has been at work.</summary>
    public TimeSpan Age => Stopwatch.GetElapsedTime(Volatile.Read(ref _fedAt));

    /// <summary>Runs <paramref name="target"/> on an input.</summary>
    /// <param name="input">What a failure will show.</param>
    /// <param name="target">The code under test and what must hold of it.</param>
    /// <param name="maxAllocatedBytes">How much it may allocate.</param>
    /// <param name="documented">The types of exceptions by which it may refuse an input.</param>
    /// <returns>Whether the input was taken.</returns>
    public bool Feed(byte[] input, Action<byte[]> target, long maxAllocatedBytes, params Type[] documented)
    {
        Volatile.Write(ref _input, input);
        Volatile.Write(ref _fedAt, Stopwatch.GetTimestamp());
        Executions++;
        bool taken = true;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target(input);
        }
        catch (Exception e) when (Array.IndexOf(documented, e.GetType()) >= 0)
        {
            taken = false;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, maxAllocatedBytes);
        return taken;
    }

    /// <summary>Enough to run the round again.</summary>
    public override string ToString() => $"seed {seed}, input {Convert.ToHexStringLower(Volatile.Read(ref _input))}";
}
