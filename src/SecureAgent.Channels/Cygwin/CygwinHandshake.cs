using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SecureAgent.Channels.Cygwin;

/// <summary>What both ends of a Cygwin socket say before the first frame: the client sends the secret, the server sends
/// it back, the client sends its credentials, the server sends its own. Credentials are int32 process id, user id and
/// group id, little-endian; nobody vouches for them, so that they are read and forgotten.</summary>
/// <remarks>Cygwin's fhandler/socket_local.cc. Old Cygwins and GnuPG's libassuan have 16-bit user and group ids, which
/// makes 8 bytes instead of 12. Whoever sends 12 sends them in one write, and whoever sends 8 waits for the answer
/// then: 8 bytes and a quarter of a second of silence are all there will be. A client that has switched the exchange
/// of credentials off (no SSH client does) is not served.</remarks>
internal static class CygwinHandshake
{
    /// <summary>Size of credentials, in bytes.</summary>
    public const int CredentialsSizeBytes = 12;

    /// <summary>Size of credentials with 16-bit ids, in bytes.</summary>
    public const int ShortCredentialsSizeBytes = 8;

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(250);

    /// <summary>The server's side. Nothing is sent to a client that shows a wrong secret.</summary>
    /// <param name="stream">Connected to the client.</param>
    /// <param name="secret">What the client has to know.</param>
    /// <param name="time">The clock that tells 8 bytes from 12.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="IOException">The client has gone.</exception>
    public static async ValueTask<CygwinHandshakeResult> AcceptAsync(
        Stream stream, ReadOnlyMemory<byte> secret, TimeProvider time, CancellationToken ct)
    {
        byte[] shown = new byte[CygwinSocketFile.SecretSizeBytes];
        if (await stream.ReadAtLeastAsync(shown, shown.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false)
            < shown.Length)
        {
            return CygwinHandshakeResult.Gone;
        }

        if (!CryptographicOperations.FixedTimeEquals(shown, secret.Span))
        {
            return CygwinHandshakeResult.WrongSecret;
        }

        await stream.WriteAsync(shown, ct).ConfigureAwait(false);
        byte[] credentials = new byte[CredentialsSizeBytes];
        int size = await ReadCredentialsAsync(stream, credentials, time, ct).ConfigureAwait(false);
        if (size == 0)
        {
            return CygwinHandshakeResult.Gone;
        }

        // The ids are the client's own, as it has to be the same user.
        BinaryPrimitives.WriteInt32LittleEndian(credentials, Environment.ProcessId);
        await stream.WriteAsync(credentials.AsMemory(0, size), ct).ConfigureAwait(false);
        return CygwinHandshakeResult.Done;
    }

    /// <summary>The client's side.</summary>
    /// <param name="stream">Connected to the server.</param>
    /// <param name="secret">From the file.</param>
    /// <param name="size">How many bytes of credentials to send: 12 or 8.</param>
    /// <param name="time">The clock that tells 8 bytes from 12.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="IOException">The server has gone.</exception>
    public static async ValueTask<CygwinHandshakeResult> ConnectAsync(
        Stream stream, ReadOnlyMemory<byte> secret, int size, TimeProvider time, CancellationToken ct)
    {
        await stream.WriteAsync(secret, ct).ConfigureAwait(false);
        byte[] shown = new byte[CygwinSocketFile.SecretSizeBytes];
        if (await stream.ReadAtLeastAsync(shown, shown.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false)
            < shown.Length)
        {
            return CygwinHandshakeResult.Gone;
        }

        if (!CryptographicOperations.FixedTimeEquals(shown, secret.Span))
        {
            return CygwinHandshakeResult.WrongSecret;
        }

        // User 0 passes every server's check: Cygwin's number for this user is not known here.
        byte[] credentials = new byte[size];
        BinaryPrimitives.WriteInt32LittleEndian(credentials, Environment.ProcessId);
        await stream.WriteAsync(credentials, ct).ConfigureAwait(false);
        int received = await ReadCredentialsAsync(stream, credentials, time, ct).ConfigureAwait(false);
        return received == size ? CygwinHandshakeResult.Done
            : received == ShortCredentialsSizeBytes ? CygwinHandshakeResult.ShortCredentials
            : CygwinHandshakeResult.Gone;
    }

    /// <summary>Reads credentials of either size.</summary>
    /// <param name="stream">The other end.</param>
    /// <param name="credentials">Takes them; of 12 bytes, or of 8 if no more can come.</param>
    /// <param name="time">The clock that tells 8 bytes from 12.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Their size; 0 if the other end has left.</returns>
    private static async ValueTask<int> ReadCredentialsAsync(
        Stream stream, Memory<byte> credentials, TimeProvider time, CancellationToken ct)
    {
        int received = await stream.ReadAtLeastAsync(
            credentials, ShortCredentialsSizeBytes, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        if (received == ShortCredentialsSizeBytes && credentials.Length > ShortCredentialsSizeBytes)
        {
            using CancellationTokenSource silence = new(Silence, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, silence.Token);
            try
            {
                received += await stream.ReadAtLeastAsync(
                    credentials[received..], 1, throwOnEndOfStream: false, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return received;
            }
        }

        if (received is > ShortCredentialsSizeBytes and < CredentialsSizeBytes)
        {
            received += await stream.ReadAtLeastAsync(
                credentials[received..], CredentialsSizeBytes - received, throwOnEndOfStream: false, ct)
                .ConfigureAwait(false);
        }

        return received is ShortCredentialsSizeBytes or CredentialsSizeBytes ? received : 0;
    }
}
