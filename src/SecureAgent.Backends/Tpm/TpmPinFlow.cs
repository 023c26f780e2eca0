using System.Collections.Concurrent;
using SecureAgent.Backends.Pins;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>Runs an operation of the TPM with the PIN of a key, and with the password of its parent where that has one.
/// A person is asked before the operation is queued, and nothing waits for the person but the requests for that
/// key.</summary>
/// <remarks>One TPM counts wrong PINs of all its users together. So a PIN that it refused to one request is sent for no
/// other: whether it is still current is checked on the device's worker, between one command and the next.</remarks>
internal sealed class TpmPinFlow : IDisposable
{
    // TPM2_Create takes no authValue longer than the digest of the key's nameAlg, SHA-256.
    private const int MaximumPinBytes = 32;
    private const int MaximumRounds = 3;
    private const string Device = "TPM";

    private readonly TpmAccess _access;
    private readonly IPrompter _prompter;
    private readonly ConcurrentDictionary<string, bool> _emptyPinRefused = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<uint, bool> _passwordsInUse = new();
    private readonly PinCache _pins;
    private readonly PinCache _passwords;

    /// <summary>Creates the flow for the keys of one TPM.</summary>
    public TpmPinFlow(TpmAccess access, IPrompter prompter, PinCachePolicy policy, TimeProvider time)
    {
        _access = access;
        _prompter = prompter;
        _pins = new PinCache(policy, time);
        _passwords = new PinCache(PinCachePolicy.UntilDropped, time);
    }

    /// <summary>What is done on the device's worker.</summary>
    public delegate T Operation<T>(TpmConnection tpm, ReadOnlySpan<byte> authValue);

    /// <summary>Runs <paramref name="operation"/> for a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="who">For whom.</param>
    /// <param name="operation">What to do.</param>
    /// <param name="ct">Ends the wait of this request only.</param>
    /// <exception cref="BackendException">The TPM refused, or nobody gave a PIN that it takes.</exception>
    public Task<T> RunAsync<T>(TpmKeyEntry key, SignContext who, Operation<T> operation, CancellationToken ct) =>
        RunAsync(key, key.ParentKey, who, operation, ct);

    /// <summary>Runs <paramref name="operation"/> that needs no key, only its future parent.</summary>
    public Task<T> RunAsync<T>(TpmParent parent, Func<TpmConnection, T> operation, CancellationToken ct) =>
        RunAsync<T>(null, parent, null, (tpm, _) => operation(tpm), ct);

    /// <summary>Zeroes the PIN of a key that is gone.</summary>
    public void Drop(TpmKeyEntry key) => _pins.Drop(PinKey(key));

    /// <summary>Zeroes every PIN and password, and takes back every open question.</summary>
    public void DropAll()
    {
        _pins.DropAll();
        _passwords.DropAll();
        if (!_passwordsInUse.IsEmpty)
        {
            _ = ForgetPasswordsAsync();
        }
    }

    /// <summary>Zeroes every PIN.</summary>
    public void Dispose()
    {
        _pins.Dispose();
        _passwords.Dispose();
    }

    private async Task<T> RunAsync<T>(
        TpmKeyEntry? key, TpmParent parent, SignContext? who, Operation<T> operation, CancellationToken ct)
    {
        bool askPassword = false;
        for (int round = 1; ; round++)
        {
            using PinLease? password = askPassword
                ? await _passwords.AcquireAsync(parent.ToString(), AskPassword(parent, who), ct).ConfigureAwait(false)
                : null;
            using PinLease? pin = key is not null && who is not null && NeedsPin(key)
                ? await _pins.AcquireAsync(PinKey(key), AskPin(key, who), ct).ConfigureAwait(false)
                : null;
            Attempt<T> attempt = await _access.RunAsync(tpm => Try(tpm, key, parent, password, pin, operation), ct)
                .ConfigureAwait(false);
            if (attempt.Failure is not BackendException failure)
            {
                return attempt.Value!; // A value of T where there is no failure.
            }

            if (!attempt.CanAskAgain || round == MaximumRounds)
            {
                throw failure;
            }

            askPassword |= attempt.NeedsPassword;
        }
    }

    private bool NeedsPin(TpmKeyEntry key) => key.NeedsPin || _emptyPinRefused.ContainsKey(PinKey(key));

    // On the device's worker.
    private Attempt<T> Try<T>(
        TpmConnection tpm, TpmKeyEntry? key, TpmParent parent, PinLease? password, PinLease? pin,
        Operation<T> operation)
    {
        foreach (PinLease? lease in (ReadOnlySpan<PinLease?>)[password, pin])
        {
            if (lease is { IsCurrent: false })
            {
                return new Attempt<T>(Stale(lease), CanAskAgain: lease.IsRefused, NeedsPassword: lease == password);
            }
        }

        if (key is not null && pin is null && NeedsPin(key))
        {
            return new Attempt<T>(
                new BackendException(BackendFailure.PinRequired, $"{key.Name} has a PIN."), CanAskAgain: true);
        }

        if (password is not null)
        {
            _passwordsInUse.TryAdd(parent.Handle, true);
            tpm.SetParentAuth(parent.Handle, Copy(password.Span));
        }

        try
        {
            T value = operation(tpm, pin is null ? [] : pin.Span);
            pin?.Accept();
            password?.Accept();
            return new Attempt<T>(value);
        }
        catch (TpmException exception)
            when (exception is { Failure: BackendFailure.PinRequired, Subject: TpmAuthSubject.Parent })
        {
            password?.Reject();
            tpm.SetParentAuth(parent.Handle, null);
            return new Attempt<T>(exception, CanAskAgain: true, NeedsPassword: true);
        }
        catch (TpmException exception) when (exception.Failure == BackendFailure.PinRequired && key is not null)
        {
            if (pin is null)
            {
                // tpm2_encodeobject 5.4 writes emptyAuth the wrong way round. One try is lost to it, and no second.
                _emptyPinRefused.TryAdd(PinKey(key), true);
            }

            pin?.Reject();
            return new Attempt<T>(exception, CanAskAgain: true);
        }
        catch (BackendException exception)
        {
            if (exception.Failure == BackendFailure.LockedOut)
            {
                pin?.Forget();
            }

            return new Attempt<T>(exception);
        }
    }

    private static BackendException Stale(PinLease lease) => new(BackendFailure.PinRequired, lease.IsRefused
        ? "The PIN was wrong; the TPM refused it to another request, and it was not tried again."
        : "The agent was locked, or the key removed, before the PIN was used.");

    // The connection's own copies, as soon as its worker is free.
    private async Task ForgetPasswordsAsync()
    {
        try
        {
            await _access.RunAsync(tpm =>
            {
                foreach (uint handle in _passwordsInUse.Keys)
                {
                    tpm.SetParentAuth(handle, null);
                }

                return true;
            }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException)
        {
            // The connection is gone, and its copies with it.
        }
    }

    private Secret Copy(ReadOnlySpan<byte> value)
    {
        Secret copy = _access.Memory.Allocate(Math.Max(1, value.Length));
        copy.Length = value.Length;
        value.CopyTo(copy.Span);
        return copy;
    }

    private PinCache.AskPin AskPin(TpmKeyEntry key, SignContext who) => async (wrong, ct) =>
    {
        TpmDictionaryAttackState state = await _access.RunAsync(tpm => tpm.ReadDictionaryAttackState(), ct)
            .ConfigureAwait(false);
        if (state.InLockout)
        {
            throw LockedOut(key, state);
        }

        if (state.TriesLeft <= 1)
        {
            ConfirmPrompt last =
                new(who with { Purpose = "enter the PIN with one try left: a wrong one locks the TPM" });
            if (!await _prompter.ConfirmAsync(last, ct).ConfigureAwait(false))
            {
                throw new BackendException(
                    BackendFailure.PinRequired, $"The PIN of {key.Name} was not asked for: the TPM takes "
                    + $"one more wrong PIN before it locks. It takes another each {Words(state.LockoutInterval)}.");
            }
        }

        return await ReadAsync(
            new PinPrompt(key.Comment, Device, who, state.TriesLeft, wrong), $"the PIN of {key.Name}", ct)
            .ConfigureAwait(false);
    };

    private PinCache.AskPin AskPassword(TpmParent parent, SignContext? who) => (wrong, ct) =>
        ReadAsync(
            new PinPrompt(parent.ToString(), Device, who, null, wrong) { IsPassword = true },
            $"the password of {parent}", ct);

    // An answer that no key can have is asked for again without spending a try of the TPM.
    private async Task<Secret> ReadAsync(PinPrompt prompt, string what, CancellationToken ct)
    {
        for (int round = 1; ; round++)
        {
            Secret answer = await _prompter.ReadPinAsync(prompt, ct).ConfigureAwait(false)
                ?? throw new BackendException(
                    BackendFailure.PinRequired, $"Nobody gave {what}: the prompt was dismissed.");
            if (answer.Length is > 0 and <= MaximumPinBytes)
            {
                return answer;
            }

            int length = answer.Length;
            answer.Dispose();
            if (round == MaximumRounds)
            {
                throw new BackendException(BackendFailure.PinRequired, length == 0
                    ? $"The answer for {what} was empty, so nothing was sent. If there is none, the key file says "
                        + "wrongly that there is: write it again with emptyAuth true (tpm2_encodeobject --key-auth)."
                    : $"The answer for {what} has more than {MaximumPinBytes} bytes, which no key has. It was not "
                        + "sent.");
            }

            prompt = prompt with { PreviousWasWrong = true };
        }
    }

    private static BackendException LockedOut(TpmKeyEntry key, TpmDictionaryAttackState state) => new(
        BackendFailure.LockedOut,
        $"The TPM is locked after {state.LockoutCounter} wrong PINs, so the PIN of {key.Name} was not asked for. It "
        + $"takes one again after {Words(state.LockoutInterval)}; keys without a PIN go on working. The owner of the "
        + "TPM can unlock it now: tpm2_dictionarylockout --clear-lockout");

    private static string Words(TimeSpan time) => time.TotalMinutes >= 2
        ? $"{(long)Math.Ceiling(time.TotalMinutes)} minutes"
        : $"{(long)Math.Ceiling(time.TotalSeconds)} seconds";

    // Only usable keys get here.
    private static string PinKey(TpmKeyEntry key) => Convert.ToHexString(key.Blobs!.Public.Name);

    private readonly record struct Attempt<T>(T? Value, BackendException? Failure, bool CanAskAgain, bool NeedsPassword)
    {
        public Attempt(T value) : this(value, null, false, false)
        {
        }

        public Attempt(BackendException failure, bool CanAskAgain = false, bool NeedsPassword = false)
            : this(default, failure, CanAskAgain, NeedsPassword)
        {
        }
    }
}
