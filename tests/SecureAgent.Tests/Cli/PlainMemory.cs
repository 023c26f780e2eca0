using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Tests.Cli;

/// <summary>Memory for tests, which counts what was not given back.</summary>
internal sealed class PlainMemory : ISecretMemory
{
    private int _outstanding;

    public string? Weakness => null;

    /// <summary>Secrets not disposed yet.</summary>
    public int Outstanding => _outstanding;

    public Secret Allocate(int sizeBytes)
    {
        Interlocked.Increment(ref _outstanding);
        return new Secret(Marshal.AllocHGlobal(sizeBytes), sizeBytes, Free);
    }

    private void Free(nint address)
    {
        Marshal.FreeHGlobal(address);
        Interlocked.Decrement(ref _outstanding);
    }
}
