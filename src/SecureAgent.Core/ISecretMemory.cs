namespace SecureAgent.Core;

/// <summary>Where secrets live: memory of the operating system that is locked against paging and left out of core dumps
/// as far as the system allows, outside the garbage-collected heap, which copies.</summary>
public interface ISecretMemory
{
    /// <summary>Allocates <paramref name="sizeBytes"/> zeroed bytes.</summary>
    /// <param name="sizeBytes">1 to 1 MiB.</param>
    /// <returns>A secret that the caller disposes; disposing zeroes it first.</returns>
    Secret Allocate(int sizeBytes);

    /// <summary>Why memory could not be locked, for <c>status</c>; <see langword="null"/> while every allocation was
    /// locked.</summary>
    string? Weakness { get; }
}
