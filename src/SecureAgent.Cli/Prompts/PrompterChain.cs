using SecureAgent.Core;

namespace SecureAgent.Cli.Prompts;

/// <summary>Chooses how to ask, as SSH_ASKPASS_REQUIRE says, and gives up after a while.</summary>
internal sealed class PrompterChain : IPrompter
{
    private readonly AskpassRequirement _requirement;
    private readonly IPromptSurface _askpass;
    private readonly IPromptSurface _terminal;
    private readonly bool _terminalFirst;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    /// <summary>Creates the chain.</summary>
    /// <param name="requirement">What SSH_ASKPASS_REQUIRE says.</param>
    /// <param name="askpass">Asks through SSH_ASKPASS.</param>
    /// <param name="terminal">Asks on the terminal.</param>
    /// <param name="terminalFirst">Whether the terminal comes first unless SSH_ASKPASS_REQUIRE says otherwise: so for
    /// commands that a person typed, as in ssh-add(1), and not for the agent, whose terminal may be out of
    /// sight.</param>
    /// <param name="timeout">How long a question waits.</param>
    /// <param name="time">The clock.</param>
    public PrompterChain(
        AskpassRequirement requirement,
        IPromptSurface askpass,
        IPromptSurface terminal,
        bool terminalFirst,
        TimeSpan timeout,
        TimeProvider time)
    {
        (_requirement, _askpass, _terminal) = (requirement, askpass, terminal);
        (_terminalFirst, _timeout, _time) = (terminalFirst, timeout, time);
    }

    /// <summary>Asks with a dialog of the agent's own, where there are such: after askpass, which the user chose, and for
    /// the agent before the terminal.</summary>
    public IPromptSurface? Dialog { get; init; }

    /// <inheritdoc/>
    public string? Unavailable(PeerInfo peer)
    {
        Pick(peer.ProcessId, out string reason);
        return reason.Length > 0 ? reason : null;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct) =>
        await ConfirmAsync(PromptText.Confirm(prompt), prompt.Who.Peer.ProcessId, ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct) =>
        ReadSecretAsync(PromptText.Pin(prompt), prompt.Who?.Peer.ProcessId, ct);

    /// <inheritdoc/>
    public IDisposable ShowTouch(TouchPrompt prompt) => 
        Choose(PromptText.Touch(prompt), prompt.Who.Peer.ProcessId).Show(PromptText.Touch(prompt));

    /// <summary>Asks for a PIN or passphrase in words of the command's own, which must be safe to show.</summary>
    /// <returns>The answer; <see langword="null"/> if the person gave none in time.</returns>
    /// <exception cref="BackendException">Nobody can be asked; the message says why and what to set.</exception>
    public ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct) => ReadSecretAsync(text, null, ct);

    /// <summary>Asks yes or no in words of the command's own, which must be safe to show. No answer in time is
    /// no.</summary>
    /// <exception cref="BackendException">Nobody can be asked; the message says why and what to set.</exception>
    public ValueTask<bool> ConfirmAsync(string text, CancellationToken ct) => ConfirmAsync(text, null, ct);

    private async ValueTask<Secret?> ReadSecretAsync(string text, int? asker, CancellationToken ct)
    {
        IPromptSurface surface = Choose(text, asker);
        using CancellationTokenSource deadline = new(_timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            return await surface.ReadSecretAsync(text, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private async ValueTask<bool> ConfirmAsync(string text, int? asker, CancellationToken ct)
    {
        IPromptSurface surface = Choose(text, asker);
        using CancellationTokenSource deadline = new(_timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            return await surface.ConfirmAsync(text, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private IPromptSurface Choose(string text, int? asker) =>
        Pick(asker, out string reason) ?? throw Nobody(text, reason);

    private IPromptSurface? Pick(int? asker, out string reason)
    {
        reason = "";
        string? noAskpass = _askpass.Unavailable(asker);
        if (_requirement == AskpassRequirement.Force)
        {
            reason = noAskpass is null ? "" : $"{noAskpass}, and SSH_ASKPASS_REQUIRE=force";
            return noAskpass is null ? _askpass : null;
        }

        List<string> reasons = [];
        foreach (IPromptSurface surface in Order())
        {
            string? missing = surface == _askpass ? noAskpass : surface.Unavailable(asker);
            if (missing is null)
            {
                return surface;
            }

            reasons.Add(missing);
        }

        reason = string.Join(", and ", reasons);
        return null;
    }

    private IEnumerable<IPromptSurface> Order()
    {
        IPromptSurface?[] order = _terminalFirst
            ? _requirement == AskpassRequirement.Prefer ? [_askpass, _terminal, Dialog] : [_terminal, _askpass, Dialog]
            : [_askpass, Dialog, _terminal];
        return order.OfType<IPromptSurface>();
    }

    private static BackendException Nobody(string text, string reason) => new(
        BackendFailure.PinRequired,
        $"{text.Split('\n')[0].TrimEnd('.')}: nobody can be asked: {reason}. "
        + "Set SSH_ASKPASS to a program that asks, or run this in a terminal.");
}
