using SecureAgent.Backends.Piv;
using SecureAgent.Cli.Output;
using SecureAgent.Core;

namespace SecureAgent.Cli.Tokens;

/// <summary>The PIN, PUK and management key that a token has from its maker: everybody knows them.</summary>
internal static class TokenDefaults
{
    private const int LineCharacters = 500;

    /// <summary>Which of them a token still has, as in "PIN and PUK"; empty if none, or if it does not tell.</summary>
    public static string Of(PivTokenInfo info)
    {
        string[] defaults =
        [
            .. info.Pin?.IsDefault == true ? ["PIN"] : Array.Empty<string>(),
            .. info.Puk?.IsDefault == true ? ["PUK"] : Array.Empty<string>(),
            .. info.IsManagementKeyDefault == true ? ["management key"] : Array.Empty<string>(),
        ];
        return defaults.Length <= 1
            ? string.Concat(defaults)
            : $"{string.Join(", ", defaults[..^1])} and {defaults[^1]}";
    }

    /// <summary>The commands that replace them.</summary>
    public static string Cure(PivTokenInfo info)
    {
        string[] commands =
        [
            .. info.Pin?.IsDefault == true ? ["set-pin"] : Array.Empty<string>(),
            .. info.Puk?.IsDefault == true ? ["set-puk"] : Array.Empty<string>(),
            .. info.IsManagementKeyDefault == true ? ["set-management-key"] : Array.Empty<string>(),
        ];
        return string.Join(", ", commands.Select(command => $"secure-agent token {command}"));
    }

    /// <summary>Offers to replace them. Where nobody can be asked, or the answer is no, says so and goes on.</summary>
    /// <exception cref="BackendException">The person wanted it, and it failed.</exception>
    public static async Task OfferReplacementAsync(
        Composition composition, OpenToken token, TextWriter error, CancellationToken ct)
    {
        string defaults = Of(token.Info);
        if (defaults.Length == 0)
        {
            return;
        }

        string still = $"{token.Token.Name} still has the {defaults} of new tokens, which everybody knows.";
        if (await IsWantedAsync(composition, $"{still} Replace now?", ct).ConfigureAwait(false))
        {
            await ReplaceAsync(token, error, ct).ConfigureAwait(false);
            return;
        }

        await error.WriteLineAsync(
            SafeText.Line($"secure-agent: warning: {still} Replace: {Cure(token.Info)}", LineCharacters))
            .ConfigureAwait(false);
    }

    private static async Task<bool> IsWantedAsync(Composition composition, string question, CancellationToken ct)
    {
        try
        {
            return await composition.Prompter.ConfirmAsync(question, ct).ConfigureAwait(false);
        }
        catch (BackendException)
        {
            return false; // nobody can be asked
        }
    }

    private static async Task ReplaceAsync(OpenToken token, TextWriter error, CancellationToken ct)
    {
        PivAdministration administration = new(token.Session);
        PivTokenInfo info = token.Info;
        if (info.Pin?.IsDefault == true)
        {
            await administration.ChangePinAsync(ct).ConfigureAwait(false);
        }

        if (info.Puk?.IsDefault == true)
        {
            await administration.ChangePukAsync(ct).ConfigureAwait(false);
        }

        if (info.IsManagementKeyDefault == true)
        {
            await administration.ChangeManagementKeyAsync(null, null, isStored: true, ct).ConfigureAwait(false);
        }

        await token.RefreshAsync(ct).ConfigureAwait(false);
        await error.WriteLineAsync(
            $"Replaced on {token.Token.Name}: {Of(info)}"
            + (info.IsManagementKeyDefault == true ? "; the management key is kept on it, behind the PIN." : "."))
            .ConfigureAwait(false);
    }
}
