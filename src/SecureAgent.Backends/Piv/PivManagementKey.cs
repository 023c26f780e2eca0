using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>How a command gets at the management key of a card: it is the one of new cards, or stored behind the PIN,
/// or a person gives it.</summary>
internal sealed class PivManagementKey : IDisposable
{
    // On every card when it is new; with AES-192 the same bytes.
    private static readonly byte[] Default =
        [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

    private readonly PivTokenSession _session;
    private readonly PivManagementState _state;
    private Secret? _key;

    private PivManagementKey(PivTokenSession session, PivManagementState state) =>
        (_session, _state) = (session, state);

    /// <summary>What the card says of it.</summary>
    public PivManagementState State => _state;

    private ReadOnlySpan<byte> Key => _key is null ? DefaultFor(_state.Algorithm) : _key.Span;

    /// <summary>Asks for what is needed, before anything is done.</summary>
    /// <exception cref="BackendException">Nobody gave it.</exception>
    public static async Task<PivManagementKey> PrepareAsync(PivTokenSession session, CancellationToken ct)
    {
        PivManagementState state = await session.RunAsync(
            connection => PivManagementState.Read(connection.Commands), ct).ConfigureAwait(false);
        PivManagementKey key = new(session, state);
        if (state.Pivman.HasStoredKey)
        {
            await session.NeedPinAsync(ct).ConfigureAwait(false);
        }
        else if (!(state.IsDefault
            ?? await session.RunAsync(connection => TryDefault(connection, state), ct).ConfigureAwait(false)))
        {
            key._key = await session.AskAsync(PivSecretKind.ManagementKey, null, ct).ConfigureAwait(false);
        }

        return key;
    }

    /// <summary>Authenticates, on the card's worker; has the PIN verified first where the key is behind it.</summary>
    /// <exception cref="BackendException">The key or the PIN is wrong.</exception>
    public void Authenticate(PivConnection connection)
    {
        if (_key is null && _state.Pivman.HasStoredKey)
        {
            _session.VerifyPin(connection);
            _key = PivmanData.ReadStoredKey(connection.Commands, _session.Memory);
        }

        using TouchHint? hint = _session.HintTouch(_state.WantsTouch);
        connection.Commands.AuthenticateManagement(_state.Algorithm, Key);
    }

    /// <summary>Puts the key back after it was replaced.</summary>
    public void Restore(PivConnection connection) =>
        connection.Commands.SetManagementKey(_state.Algorithm, Key, _state.WantsTouch);

    /// <summary>Zeroes it.</summary>
    public void Dispose() => _key?.Dispose();

    // No card is new with an AES-256 key.
    private static ReadOnlySpan<byte> DefaultFor(PivAlgorithm algorithm) =>
        Default.AsSpan(0, Math.Min(Default.Length, PivCommands.ManagementKeyBytes(algorithm)));

    private static bool TryDefault(PivConnection connection, PivManagementState state)
    {
        try
        {
            connection.Commands.AuthenticateManagement(state.Algorithm, DefaultFor(state.Algorithm));
            return true;
        }
        catch (PivException)
        {
            return false;
        }
    }
}
