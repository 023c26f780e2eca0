using System.Runtime.InteropServices;
using SecureAgent.Core;

namespace SecureAgent.Tests.Backends.Tpm;

/// <summary>Secret memory without locking.</summary>
internal sealed unsafe class TestMemory : ISecretMemory
{
    public string? Weakness => null;

    /// <summary>A secret with given content.</summary>
    public static Secret Of(ReadOnlySpan<byte> content)
    {
        Secret secret = new TestMemory().Allocate(content.Length);
        content.CopyTo(secret.Span);
        return secret;
    }

    public Secret Allocate(int sizeBytes) =>
        new((nint)NativeMemory.AllocZeroed((nuint)sizeBytes), sizeBytes, address => NativeMemory.Free((void*)address));
}
