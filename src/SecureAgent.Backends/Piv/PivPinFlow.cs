using System.Collections.Concurrent;
using SecureAgent.Backends.Pins;
using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>Signs with a key of a card, with the PIN where the key wants it. A person is asked before anything is
/// queued, and nothing waits for the person but the requests for that card.</summary>
/// <remarks>A card takes three wrong PINs in a row, and then none. So a PIN is sent only when the card has said how
/// many tries are left; one that it refused to one request is sent for no other; and nothing but a person's consent
/// spends the last try. Whether a PIN is still current is checked on the card's worker, between one command and the
/// next.
/// <para>A card that has verified the PIN would sign on without it. How long a PIN counts is decided by the cache here:
/// when it is asked for again, it is verified again.</para></remarks>
internal sealed class PivPinFlow : IDisposable
{
    private const int MaximumRounds = 3;
    private const int MinimumPinBytes = 6;

    // A person who was asked to touch took longer than this, a card whose application was deselected did not.
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1);

    private readonly IPrompter _prompter;
    private readonly TimeProvider _time;
    private readonly PinCache _pins;
    private readonly ConcurrentDictionary<string, bool> _wantsPin = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _lastTryAllowed = new(StringComparer.Ordinal);

    /// <summary>Creates the flow for the keys of all cards.</summary>
    public PivPinFlow(IPrompter prompter, PinCachePolicy policy, TimeProvider time)
    {
        _prompter = prompter;
        _time = time;
        _pins = new PinCache(policy, time);
    }

    /// <summary>Signs.</summary>
    /// <param name="card">The card.</param>
    /// <param name="key">A key of it.</param>
    /// <param name="input">As in <see cref="PivCommands.Sign"/>.</param>
    /// <param name="who">For whom.</param>
    /// <param name="ct">Ends the wait of this request only.</param>
    /// <returns>What the card answered.</returns>
    /// <exception cref="BackendException">The card refused or has gone, nobody gave a PIN that it takes, or nobody
    /// touched it.</exception>
    public async Task<byte[]> SignAsync(
        PivCard card, PivKey key, ReadOnlyMemory<byte> input, SignContext who, CancellationToken ct)
    {
        for (int round = 1; ; round++)
        {
            using PinLease? pin = WantsPin(key)
                ? await _pins.AcquireAsync(card.Token.Id, AskPin(card, who), ct).ConfigureAwait(false)
                : null;
            Attempt attempt = await card.Access.RunAsync(
                connection => Try(connection, card, key, pin, input.Span, who), ct).ConfigureAwait(false);
            if (attempt.Failure is not BackendException failure)
            {
                return attempt.Signature;
            }

            if (!attempt.CanAskAgain || round == MaximumRounds)
            {
                throw failure;
            }
        }
    }

    /// <summary>Zeroes the PIN of a card that has gone.</summary>
    public void Drop(PivToken token)
    {
        _lastTryAllowed.TryRemove(token.Id, out _);
        _pins.Drop(token.Id);
    }

    /// <summary>Zeroes every PIN, and takes back every open question.</summary>
    public void DropAll()
    {
        _lastTryAllowed.Clear();
        _pins.DropAll();
    }

    /// <summary>Zeroes every PIN.</summary>
    public void Dispose() => _pins.Dispose();

    private bool WantsPin(PivKey key) =>
        key.PinPolicy != PivPinPolicy.Never || _wantsPin.ContainsKey(key.Reference);

    // On the card's worker, in a transaction; it may be done twice when another program used the card meanwhile.
    private Attempt Try(
        PivConnection connection, PivCard card, PivKey key, PinLease? pin, ReadOnlySpan<byte> input, SignContext who)
    {
        if (pin is null && WantsPin(key))
        {
            return Attempt.Failed(
                new BackendException(BackendFailure.PinRequired, $"{key.Comment} has a PIN."), canAskAgain: true);
        }

        bool isVerifiedNow = false;
        if (pin is not null)
        {
            if (!pin.IsCurrent)
            {
                return Attempt.Failed(Stale(pin), canAskAgain: pin.IsRefused);
            }

            if (key.PinPolicy == PivPinPolicy.Always || !ReferenceEquals(connection.VerifiedPin, pin.Answer))
            {
                if (Verify(connection, card.Token, key, pin) is Attempt failed)
                {
                    return failed;
                }

                isVerifiedNow = true;
            }
        }

        long started = _time.GetTimestamp();
        StatusWord status;
        byte[] signature;
        using (key.WantsTouch ? new TouchHint(() => _prompter.ShowTouch(new TouchPrompt(who)), _time) : null)
        {
            status = connection.Commands.Sign(key.Slot, key.Algorithm, input, out signature);
        }

        if (status.IsSuccess)
        {
            return new Attempt(signature, null, false);
        }

        if (status == StatusWord.SecurityStatusNotSatisfied || status == StatusWord.ConditionsNotSatisfied)
        {
            bool canTrust = connection.IsFresh || _time.GetElapsedTime(started) > Prompt;
            if (key.WantsTouch && canTrust
                && (pin is null || isVerifiedNow || connection.Commands.ReadTriesLeft() is null))
            {
                throw new BackendException(BackendFailure.Refused,
                    $"{card.Token.Name} was not touched in time, so {key.Comment} did not sign. Try again, and touch "
                    + "it when it blinks.");
            }

            if (pin is null && connection.IsFresh && !key.WantsTouch && _wantsPin.TryAdd(key.Reference, true))
            {
                return Attempt.Failed(Refused(card, key, status), canAskAgain: true);
            }
        }

        throw Refused(card, key, status);
    }

    // Returns how it failed, or nothing if the card has verified the PIN.
    private Attempt? Verify(PivConnection connection, PivToken token, PivKey key, PinLease pin)
    {
        // Also the proof that this is the PIV application: no other gets to see a PIN.
        int? left = connection.Commands.ReadTriesLeft();
        if (left is null && pin.IsAccepted && key.PinPolicy != PivPinPolicy.Always)
        {
            connection.VerifiedPin = pin.Answer;
            return null;
        }

        if (left == 0)
        {
            pin.Forget();
            return Attempt.Failed(Blocked(token));
        }

        if (left == 1 && !_lastTryAllowed.ContainsKey(token.Id))
        {
            pin.Reject();
            return Attempt.Failed(
                new BackendException(BackendFailure.PinRequired,
                    $"The PIN was not sent: {token.Name} takes one more wrong PIN before it blocks."),
                canAskAgain: true);
        }

        connection.VerifiedPin = null;
        StatusWord status;
        try
        {
            status = connection.Commands.Verify(pin.Span);
        }
        catch (SmartCardException exception) when (!pin.IsAccepted)
        {
            // Nobody knows whether the card refused it, so it counts as refused.
            pin.Reject();
            connection.Release();
            return Attempt.Failed(connection.Explain(exception));
        }

        if (status.IsSuccess)
        {
            pin.Accept();
            _lastTryAllowed.TryRemove(token.Id, out _);
            connection.VerifiedPin = pin.Answer;
            return null;
        }

        pin.Reject();
        _lastTryAllowed.TryRemove(token.Id, out _);
        return status.TriesLeft == 0
            ? Attempt.Failed(Blocked(token))
            : Attempt.Failed(
                new BackendException(BackendFailure.PinRequired,
                    $"The PIN of {token.Name} is wrong; {Tries(status.TriesLeft)} left."),
                canAskAgain: true);
    }

    private PinCache.AskPin AskPin(PivCard card, SignContext who) => async (wrong, ct) =>
    {
        PivToken token = card.Token;
        int? left = await card.Access.RunAsync(
            connection => connection.Commands.ReadTriesLeft()
                ?? connection.Commands.ReadPinMetadata(PivCommands.Pin)?.TriesLeft,
            ct).ConfigureAwait(false);
        if (left == 0)
        {
            throw Blocked(token);
        }

        if (left == 1)
        {
            ConfirmPrompt last = new(who with
            {
                Purpose = $"enter the PIN of {token.Name} with one try left: a wrong one blocks it",
            });
            if (!await _prompter.ConfirmAsync(last, ct).ConfigureAwait(false))
            {
                throw new BackendException(BackendFailure.PinRequired,
                    $"The PIN of {token.Name} was not asked for: one more wrong one blocks it. To set the count back, "
                    + "enter the right one, or set a new one with the PUK: secure-agent token unblock");
            }

            _lastTryAllowed[token.Id] = true;
        }

        return await ReadPinAsync(new PinPrompt(who.KeyName, token.Name, who, left, wrong), token, ct)
            .ConfigureAwait(false);
    };

    // An answer that no card takes is asked for again without spending a try.
    private async Task<Secret> ReadPinAsync(PinPrompt prompt, PivToken token, CancellationToken ct)
    {
        for (int round = 1; ; round++)
        {
            Secret answer = await _prompter.ReadPinAsync(prompt, ct).ConfigureAwait(false)
                ?? throw new BackendException(
                    BackendFailure.PinRequired, $"Nobody gave the PIN of {token.Name}: the prompt was dismissed.");
            if (answer.Length is >= MinimumPinBytes and <= PivCommands.PinBytes)
            {
                return answer;
            }

            answer.Dispose();
            if (round == MaximumRounds)
            {
                throw new BackendException(BackendFailure.PinRequired,
                    $"A PIN has {MinimumPinBytes} to {PivCommands.PinBytes} characters, and the answer had not. It was "
                    + $"not sent to {token.Name}, so no try is lost.");
            }

            prompt = prompt with { PreviousWasWrong = true };
        }
    }

    private static BackendException Stale(PinLease pin) => new(BackendFailure.PinRequired, pin.IsRefused
        ? "The PIN was wrong; the card refused it to another request, and it was not tried again."
        : "The agent was locked, or the card taken out, before the PIN was used.");

    private static BackendException Blocked(PivToken token) => new(BackendFailure.LockedOut,
        $"The PIN of {token.Name} is blocked. Set a new one with the PUK: secure-agent token unblock");

    private static PivException Refused(PivCard card, PivKey key, StatusWord status) => new(
        BackendFailure.Refused,
        $"{card.Token.Name} refused to sign with {key.Comment}: {PivCommands.Explain(status)}.", status);

    private static string Tries(int? left) => left == 1 ? "1 try is" : $"{left} tries are";

    private readonly record struct Attempt(byte[] Signature, BackendException? Failure, bool CanAskAgain)
    {
        public static Attempt Failed(BackendException failure, bool canAskAgain = false) =>
            new([], failure, canAskAgain);
    }
}
