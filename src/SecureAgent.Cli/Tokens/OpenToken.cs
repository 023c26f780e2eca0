using SecureAgent.Backends.Piv;

namespace SecureAgent.Cli.Tokens;

/// <summary>One token that a command works with, and the prompts for its secrets.</summary>
internal sealed class OpenToken : IAsyncDisposable
{
    private readonly TokenPrompts _prompts;

    private OpenToken(PivTokenSession session, TokenPrompts prompts) => (Session, _prompts) = (session, prompts);

    /// <summary>The token.</summary>
    public PivTokenSession Session { get; }

    /// <summary>The token as it was last read.</summary>
    public PivToken Token => Session.Token;

    /// <summary>How it was set up when it was opened, or at the last <see cref="RefreshAsync"/>.</summary>
    public PivTokenInfo Info => _prompts.Info!; // set before anybody has this

    /// <summary>Opens one.</summary>
    /// <param name="composition">The parts of the program.</param>
    /// <param name="id">Its serial number; <see langword="null"/> for the only one there is.</param>
    /// <param name="error">Where is said that it waits for a touch.</param>
    /// <param name="ct">Ends the wait for it.</param>
    /// <exception cref="CommandException">Tokens are switched off (69).</exception>
    /// <exception cref="Core.BackendException">There is no such token, or there are several.</exception>
    public static async Task<OpenToken> OpenAsync(
        Composition composition, string? id, TextWriter error, CancellationToken ct)
    {
        PivTokens tokens = composition.Tokens ?? throw SwitchedOff();
#pragma warning disable CA2000 // The token disposes them.
        TokenPrompts prompts = new(composition.Prompter, composition.Memory, error);
#pragma warning restore CA2000
        OpenToken? token = null;
        try
        {
            token = new OpenToken(
                await tokens.OpenAsync(id, prompts.AskAsync, prompts.ShowTouch, ct).ConfigureAwait(false), prompts);
            await token.RefreshAsync(ct).ConfigureAwait(false);
            return token;
        }
        catch
        {
            prompts.Dispose();
            if (token is not null)
            {
                await token.Session.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>What a command says that needs tokens where they are switched off.</summary>
    public static CommandException SwitchedOff() => new(
        ExitCode.DeviceAbsent,
        "PIV tokens are switched off by the setting \"piv\". Switch them on: SECUREAGENT_PIV=on");

    /// <summary>Asks the token again how it is set up.</summary>
    public async Task RefreshAsync(CancellationToken ct) =>
        _prompts.Info = await new PivAdministration(Session).ReadInfoAsync(ct).ConfigureAwait(false);

    /// <summary>Zeroes secrets and lets go of the token.</summary>
    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync().ConfigureAwait(false);
        _prompts.Dispose();
    }
}
