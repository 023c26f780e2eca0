using System.Globalization;
using SecureAgent.Backends.Memory;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Memory;

public sealed class LockedMemoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(1024 * 1024)]
    public void Secret_has_the_length_asked_for_is_zeroed_and_can_be_filled(int size)
    {
        using Secret secret = new LockedMemory().Allocate(size);
        Assert.Equal(size, secret.Length);
        Assert.Equal(size, secret.Span.Length);
        Assert.Equal(-1, secret.Span.IndexOfAnyExcept((byte)0));
        secret.Span.Fill(0xA5);
        Assert.Equal(-1, secret.Span.IndexOfAnyExcept((byte)0xA5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1024 * 1024) + 1)]
    public void Size_out_of_bounds_is_refused(int size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LockedMemory().Allocate(size));

    [Fact]
    public void Length_can_only_shrink()
    {
        using Secret secret = new LockedMemory().Allocate(16);
        secret.Length = 4;
        Assert.Equal(4, secret.Span.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => secret.Length = 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => secret.Length = -1);
    }

    [Fact]
    public void Whole_allocation_is_zeroed_before_it_is_released()
    {
        byte[] memory = GC.AllocateArray<byte>(16, pinned: true);
        byte[] atRelease = [];
        unsafe
        {
            fixed (byte* address = memory)
            {
                Secret secret = new((nint)address, memory.Length, _ => atRelease = memory.ToArray());
                secret.Span.Fill(0xA5);
                secret.Length = 2; // What was cut off must go too.
                secret.Dispose();
                secret.Dispose();
                Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
            }
        }

        Assert.Equal(new byte[16], atRelease);
    }

    [Fact]
    public void Pages_are_locked_kept_out_of_core_dumps_and_given_back()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc tells it on Linux.");
        LockedMemory memory = new();
        Secret secret = memory.Allocate(100);
        nint address;
        unsafe
        {
            fixed (byte* start = secret.Span)
            {
                address = (nint)start;
            }
        }

        string flags = Flags(address) ?? throw new InvalidOperationException("The mapping is not in smaps.");
        Assert.Contains(" dd", flags, StringComparison.Ordinal);
        if (memory.Weakness is null)
        {
            Assert.Contains(" lo", flags, StringComparison.Ordinal);
        }

        secret.Dispose();
        Assert.DoesNotContain(" dd", Flags(address) ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_works_whether_or_not_it_can_be_locked_and_says_why_if_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit is Linux's.");
        LockedMemory memory = new();
        List<Secret> secrets = [];
        try
        {
            // A plain user reaches his limit; root has none.
            while (memory.Weakness is null && secrets.Count < 64)
            {
                Secret secret = memory.Allocate(1024 * 1024);
                secret.Span[^1] = 1;
                secrets.Add(secret);
            }

            Assert.All(secrets, secret => Assert.Equal(1, secret.Span[^1]));
            Assert.Equal(Environment.IsPrivilegedProcess, memory.Weakness is null);
            Assert.Contains("ulimit -l", memory.Weakness ?? "ulimit -l", StringComparison.Ordinal);
        }
        finally
        {
            secrets.ForEach(secret => secret.Dispose());
        }
    }

    /// <summary>The line VmFlags of the mapping around <paramref name="address"/>; proc(5).</summary>
    private static string? Flags(nint address)
    {
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] range = line.Split(' ')[0].Split('-');
            if (range.Length == 2 && nint.TryParse(range[0], NumberStyles.HexNumber, null, out nint start)
                && nint.TryParse(range[1], NumberStyles.HexNumber, null, out nint end))
            {
                inside = address >= start && address < end;
            }
            else if (inside && line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                return line;
            }
        }

        return null;
    }
}
