using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Software;

/// <summary>A private key ready to sign. Threads may sign at once, and dispose it while others sign: its memory is
/// zeroed when the last signature is done.</summary>
internal interface IUsableKey : IDisposable
{
    /// <summary>Signs as <see cref="ISigner.SignAsync"/> does, with one of the algorithms of its type.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed; nothing was signed.</exception>
    /// <exception cref="BackendException">The platform refused to sign.</exception>
    byte[] Sign(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data);
}
