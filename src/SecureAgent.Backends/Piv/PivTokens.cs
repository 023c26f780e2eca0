using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>Finds the cards in the readers, for commands.</summary>
public sealed class PivTokens
{
    private readonly ISmartCardReaders _readers;
    private readonly ISecretMemory _memory;
    private readonly TimeProvider _time;

    /// <summary>Prepares to look into <paramref name="readers"/>, which stay the caller's.</summary>
    /// <param name="readers">The readers.</param>
    /// <param name="memory">Where secrets go.</param>
    /// <param name="time">The clock.</param>
    public PivTokens(ISmartCardReaders readers, ISecretMemory memory, TimeProvider time) =>
        (_readers, _memory, _time) = (readers, memory, time);

    /// <summary>Reads every card.</summary>
    /// <exception cref="BackendException">There is no smart card service
    /// (<see cref="BackendFailure.DeviceAbsent"/>).</exception>
    public async Task<IReadOnlyList<PivTokenListing>> ListAsync(CancellationToken ct)
    {
        List<PivTokenListing> listings = [];
        foreach (SmartCardReader reader in Readers().Where(reader => reader.HasCard))
        {
            PivAccess access = new(_readers, reader.Name, _time);
            await using (access.ConfigureAwait(false))
            {
                try
                {
                    PivToken token = await access.ReadTokenAsync(ct).ConfigureAwait(false);
                    PivTokenInfo info = await access.RunAsync(
                        connection => PivTokenInfo.Read(connection.Commands, token), ct).ConfigureAwait(false);
                    listings.Add(new PivTokenListing(reader.Name, info, null));
                }
                catch (BackendException exception)
                {
                    listings.Add(new PivTokenListing(reader.Name, null, exception));
                }
            }
        }

        return listings;
    }

    /// <summary>Opens one card.</summary>
    /// <param name="id">Its <see cref="PivToken.Id"/>; <see langword="null"/> for the only one there is.</param>
    /// <param name="ask">Asked for its secrets where they are needed.</param>
    /// <param name="showTouch">Shows that the card waits for a touch until the result is disposed.</param>
    /// <param name="ct">Ends the wait for the card.</param>
    /// <returns>The card, which the caller disposes.</returns>
    /// <exception cref="BackendException">There is no such card, or there are several.</exception>
    public async Task<PivTokenSession> OpenAsync(
        string? id, AskPivSecret ask, Func<IDisposable> showTouch, CancellationToken ct)
    {
        IReadOnlyList<PivTokenListing> all = await ListAsync(ct).ConfigureAwait(false);
        PivToken[] found = [.. all.Select(listing => listing.Token).OfType<PivToken>()
            .Where(token => id is null || string.Equals(token.Id, id, StringComparison.OrdinalIgnoreCase))];
        if (found is [PivToken token])
        {
            return new PivTokenSession(_readers, token, _memory, ask, showTouch, _time);
        }

        if (found.Length > 1)
        {
            throw new BackendException(
                $"There are several PIV cards: {string.Join(", ", found.Select(other => other.Id))}. Say which one: "
                + $"--in piv:{found[0].Id}, or --token {found[0].Id}");
        }

        string what = id is null ? "There is no PIV card in any reader." : $"There is no PIV card {id} in any reader.";
        string problems = string.Concat(all.Where(listing => listing.Problem is not null)
            .Select(listing => $" {listing.Reader}: {listing.Problem}"));
        throw new BackendException(
            all.Any(listing => listing.Failure?.Failure == BackendFailure.Busy)
                ? BackendFailure.Busy
                : BackendFailure.DeviceAbsent,
            $"{what}{problems} To see what there is: secure-agent token list");
    }

    /// <summary>The readers, with a card or without.</summary>
    /// <exception cref="BackendException">There is no smart card service
    /// (<see cref="BackendFailure.DeviceAbsent"/>).</exception>
    public IReadOnlyList<SmartCardReader> Readers()
    {
        try
        {
            return _readers.List();
        }
        catch (SmartCardException exception)
        {
            throw new BackendException(BackendFailure.DeviceAbsent,
                "The smart card service does not run, so no card can be reached. On Linux: systemctl enable --now "
                + "pcscd.socket (Debian has it in the package pcscd).", exception);
        }
    }
}
