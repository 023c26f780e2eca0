using System.Security.Cryptography;

namespace SecureAgent.Channels;

/// <summary>Lends the memory that frames stand in. A frame may be a passphrase or a private key: the garbage collector
/// never moves these arrays, so that it leaves no copy of one behind, and they are zero when they are lent
/// again.</summary>
internal static class PinnedPool
{
    private const int SmallestSizeBytes = 1024;
    private const int SizeFactor = 4;

    // 1, 4, 16, 64, 256 KiB and 1 MiB: a frame and its prefix are a little more than 256 KiB.
    private const int Classes = 6;

    /// <summary>What is kept of each size once it is given back; the rest is left to the collector.</summary>
    private const int KeptSizeBytes = 1024 * 1024;

    private static readonly Stack<byte[]>[] Free = [.. Enumerable.Range(0, Classes).Select(_ => new Stack<byte[]>())];

    /// <summary>Lends an array of at least <paramref name="size"/> bytes, at most 1 MiB, all zero.</summary>
    public static byte[] Rent(int size)
    {
        int index = 0;
        int sizeBytes = SmallestSizeBytes;
        while (sizeBytes < size)
        {
            (index, sizeBytes) = (index + 1, sizeBytes * SizeFactor);
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Classes, nameof(size));
        Stack<byte[]> free = Free[index];
        lock (free)
        {
            if (free.TryPop(out byte[]? array))
            {
                return array;
            }
        }

        return GC.AllocateArray<byte>(sizeBytes, pinned: true);
    }

    /// <summary>Takes back an array from <see cref="Rent"/>, which nobody may use any more, and zeroes it.</summary>
    public static void Return(byte[] array)
    {
        CryptographicOperations.ZeroMemory(array);
        int index = 0;
        for (int sizeBytes = SmallestSizeBytes; sizeBytes < array.Length; sizeBytes *= SizeFactor)
        {
            index++;
        }

        Stack<byte[]> free = Free[index];
        lock (free)
        {
            if ((free.Count + 1) * array.Length <= KeptSizeBytes)
            {
                free.Push(array);
            }
        }
    }
}
