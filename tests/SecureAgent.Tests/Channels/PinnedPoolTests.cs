using System.Runtime.InteropServices;
using SecureAgent.Channels;

namespace SecureAgent.Tests.Channels;

public sealed class PinnedPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData((256 * 1024) + 4)]
    public void Lent_memory_is_large_enough_zero_and_zeroed_when_it_comes_back(int size)
    {
        byte[] array = PinnedPool.Rent(size);
        Assert.True(array.Length >= size);
        Assert.False(array.AsSpan().ContainsAnyExcept((byte)0));
        array.AsSpan().Fill(0xA5);
        PinnedPool.Return(array);
        Assert.False(array.AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Collector_does_not_move_lent_memory()
    {
        // Something to compact away beside it.
        byte[][] garbage = [.. Enumerable.Range(0, 1000).Select(_ => new byte[500])];
        byte[] array = PinnedPool.Rent(100);
        nint before = Address(array);
        garbage = [];
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.Equal(before, Address(array));
        Assert.Empty(garbage);
        Assert.Equal(GC.MaxGeneration, GC.GetGeneration(array)); // It is on the heap of pinned objects.
        PinnedPool.Return(array);
    }

    [Fact]
    public void More_than_any_frame_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PinnedPool.Rent((1024 * 1024) + 1));

    private static unsafe nint Address(byte[] array) =>
        (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
}
