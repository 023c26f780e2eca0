using SecureAgent.Backends.Piv;
using SecureAgent.Core;

namespace SecureAgent.Cli.Tokens;

/// <summary>Finds keys on the tokens that are in the readers, by what a person calls them.</summary>
internal static class TokenKeyFinder
{
    /// <summary>Every key on every token; none where there is no token, no service, or tokens are switched
    /// off.</summary>
    public static async Task<IReadOnlyList<(PivToken Token, PivKey Key)>> ListAsync(
        Composition composition, CancellationToken ct)
    {
        if (composition.Tokens is not PivTokens tokens)
        {
            return [];
        }

        try
        {
            IReadOnlyList<PivTokenListing> listings = await tokens.ListAsync(ct).ConfigureAwait(false);
            return
            [
                .. from token in listings.Select(listing => listing.Token).OfType<PivToken>()
                   from key in token.Keys
                   select (token, key),
            ];
        }
        catch (BackendException)
        {
            return []; // status says what is wrong with the service
        }
    }

    /// <summary>The key called <paramref name="name"/>: its reference, such as <c>piv:12345678:9a</c>, or the name in its
    /// certificate. A key of the TPM comes first.</summary>
    /// <returns>It, or <see langword="null"/> if no token has it.</returns>
    /// <exception cref="CommandException">There are several (1), or it is a reference to none (69).</exception>
    public static async Task<(PivToken Token, PivKey Key)?> FindAsync(
        Composition composition, string name, CancellationToken ct)
    {
        if (composition.Keys.Has(name))
        {
            return null;
        }

        (PivToken Token, PivKey Key)[] found =
        [
            .. (await ListAsync(composition, ct).ConfigureAwait(false)).Where(candidate =>
                string.Equals(candidate.Key.Reference, name, StringComparison.OrdinalIgnoreCase)
                || candidate.Key.CommonName == name),
        ];
        return found switch
        {
            [] when name.StartsWith("piv:", StringComparison.OrdinalIgnoreCase) => throw new CommandException(
                ExitCode.DeviceAbsent,
                $"There is no key {name} on a token in a reader. To see what there is: secure-agent token list"),
            [] => null,
            [(PivToken, PivKey) one] => one,
            _ => throw new CommandException(
                ExitCode.Failed,
                $"There are several keys called {name}: say which one, such as {found[0].Key.Reference}. There are "
                + $"{string.Join(", ", found.Select(candidate => candidate.Key.Reference))}."),
        };
    }
}
