using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>A way to one TPM 2.0. Not thread-safe; one command is under way at a time.</summary>
public interface ITpmDevice : IDisposable
{
    /// <summary>Sends one whole command and receives one whole response (TPM 2.0 Part 1, 18.1).</summary>
    /// <param name="command">The command with its header; its <c>commandSize</c> is its length.</param>
    /// <param name="response">Receives the response; 4096 bytes hold any.</param>
    /// <returns>The length of the response in bytes. Its content is not checked beyond what framing needs.</returns>
    /// <exception cref="BackendException">The device is gone, stuck, or answers out of frame
    /// (<see cref="BackendFailure.DeviceAbsent"/>). The device is of no further use; open it again.</exception>
    int Transmit(ReadOnlySpan<byte> command, Span<byte> response);
}
