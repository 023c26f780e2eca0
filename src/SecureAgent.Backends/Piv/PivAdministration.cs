using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

/// <summary>Looks after a card: its PIN, PUK and management key, attestations, and the way back to a new one.</summary>
public sealed class PivAdministration
{
    private const int AttestationCertificate = 0x5FFF01;
    private static readonly Version AesManagementKeys = new(5, 4, 0);

    private readonly PivTokenSession _session;

    /// <summary>Looks after the card of <paramref name="session"/>, which stays the caller's.</summary>
    public PivAdministration(PivTokenSession session) => _session = session;

    private string Name => _session.Token.Name;

    /// <summary>Reads how the card is set up. Asks for nothing and spends no try.</summary>
    /// <exception cref="BackendException">The card has gone.</exception>
    public Task<PivTokenInfo> ReadInfoAsync(CancellationToken ct) => _session.RunAsync(
        connection => PivTokenInfo.Read(connection.Commands, _session.Token), ct);

    /// <summary>Changes the PIN; asks for both.</summary>
    /// <exception cref="BackendException">The PIN is wrong or blocked, or nobody gave one; it is as it was.</exception>
    public async Task ChangePinAsync(CancellationToken ct)
    {
        PivManagementState management = await _session.RunAsync(
            connection => PivManagementState.Read(connection.Commands), ct).ConfigureAwait(false);
        if (management.Pivman.HasDerivedKey)
        {
            throw new BackendException(
                $"The management key of {Name} is derived from its PIN, the old way, and would be lost. Replace it "
                + "first: ykman piv access change-management-key --protect");
        }

        await _session.NeedPinAsync(ct).ConfigureAwait(false);
        using Secret replacement = await _session.AskCheckedAsync(PivSecretKind.NewPin, ct).ConfigureAwait(false);
        await ChangeAsync(
            commands => commands.ChangeReference(PivCommands.Pin, _session.Pin, replacement.Span),
            PivSecretKind.Pin, ct).ConfigureAwait(false);
    }

    /// <summary>Changes the PUK; asks for both.</summary>
    /// <exception cref="BackendException">The PUK is wrong or blocked, or nobody gave one; it is as it was.</exception>
    public async Task ChangePukAsync(CancellationToken ct)
    {
        using Secret current = await _session.AskCheckedAsync(PivSecretKind.Puk, ct).ConfigureAwait(false);
        using Secret replacement = await _session.AskCheckedAsync(PivSecretKind.NewPuk, ct).ConfigureAwait(false);
        await ChangeAsync(
            commands => commands.ChangeReference(PivCommands.Puk, current.Span, replacement.Span),
            PivSecretKind.Puk, ct).ConfigureAwait(false);
    }

    /// <summary>Sets a new PIN with the PUK; asks for both.</summary>
    /// <exception cref="BackendException">The PUK is wrong or blocked, or nobody gave one.</exception>
    public async Task UnblockAsync(CancellationToken ct)
    {
        using Secret puk = await _session.AskCheckedAsync(PivSecretKind.Puk, ct).ConfigureAwait(false);
        using Secret newPin = await _session.AskCheckedAsync(PivSecretKind.NewPin, ct).ConfigureAwait(false);
        await ChangeAsync(
            commands => commands.ResetRetryCounter(puk.Span, newPin.Span), PivSecretKind.Puk, ct).ConfigureAwait(false);
    }

    /// <summary>Sets how many wrong PINs and PUKs in a row the card takes. The card sets both to those of new cards
    /// with that; the PIN is changed back at once, the PUK stays 12345678 and is to be changed.</summary>
    /// <param name="pinTries">1 to 15.</param>
    /// <param name="pukTries">1 to 15.</param>
    /// <param name="ct">Ends the wait for the person and for the card.</param>
    /// <exception cref="BackendException">The card refused, or nobody gave what it takes.</exception>
    public async Task SetTriesAsync(int pinTries, int pukTries, CancellationToken ct)
    {
        // More than 15 cannot be told by 63Cx.
        if (pinTries is < 1 or > 15 || pukTries is < 1 or > 15)
        {
            throw new BackendException("The number of tries is 1 to 15.");
        }

        await _session.NeedPinAsync(ct).ConfigureAwait(false);
        using PivManagementKey management = await PivManagementKey.PrepareAsync(_session, ct).ConfigureAwait(false);
        await _session.RunAsync(
            connection =>
            {
                management.Authenticate(connection);
                _session.VerifyPin(connection);
                connection.Commands.SetRetries(pinTries, pukTries);
                if (!_session.Pin.SequenceEqual("123456"u8))
                {
                    connection.Commands.ChangeReference(PivCommands.Pin, "123456"u8, _session.Pin);
                }

                return true;
            },
            ct).ConfigureAwait(false);
    }

    /// <summary>Replaces the management key by a random one, or by <paramref name="key"/>.</summary>
    /// <param name="algorithm"><see cref="PivAlgorithm.TDES"/> or an AES; <see langword="null"/> for the one that the
    /// card has.</param>
    /// <param name="key">The new key; <see langword="null"/> for a random one. Stays the caller's.</param>
    /// <param name="isStored">Whether it is stored on the card behind the PIN, as ykman does with --protect, so that
    /// nobody needs to keep it.</param>
    /// <param name="ct">Ends the wait for the person and for the card.</param>
    /// <returns>The random key if it is stored nowhere: the only copy, which the caller shows and disposes. Else
    /// <see langword="null"/>.</returns>
    /// <exception cref="BackendException">The card refused, or nobody gave what it takes; the key is as it
    /// was.</exception>
    public async Task<Secret?> ChangeManagementKeyAsync(
        PivAlgorithm? algorithm, Secret? key, bool isStored, CancellationToken ct)
    {
        if (isStored)
        {
            await _session.NeedPinAsync(ct).ConfigureAwait(false);
        }

        using PivManagementKey old = await PivManagementKey.PrepareAsync(_session, ct).ConfigureAwait(false);
        PivAlgorithm used = algorithm ?? old.State.Algorithm;
        RequireManagementAlgorithm(used, key);
        Secret replacement = Copy(used, key);
        bool isKept = false;
        try
        {
            await _session.RunAsync(connection => Replace(connection, old, used, replacement, isStored), ct)
                .ConfigureAwait(false);
            isKept = key is null && !isStored;
            return isKept ? replacement : null;
        }
        finally
        {
            if (!isKept)
            {
                replacement.Dispose();
            }
        }
    }

    /// <summary>Makes the card a new one: all keys, certificates, PIN, PUK and management key are gone for good. Asks
    /// for nothing.</summary>
    /// <exception cref="BackendException">The card refused.</exception>
    public async Task ResetAsync(CancellationToken ct)
    {
        await _session.RunAsync(
            connection =>
            {
                // A card takes this only when nobody can use it any more.
                Block(wrong => connection.Commands.Verify(wrong));
                Block(wrong => connection.Commands.ResetRetryCounter(wrong, wrong));
                connection.Commands.Reset();
                return true;
            },
            ct).ConfigureAwait(false);
        _session.ForgetPin();
        await _session.RefreshAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Collects the evidence that the key in <paramref name="slot"/> was made on the card.</summary>
    /// <exception cref="BackendException">There is no key, it was not made there, or the card does not
    /// attest.</exception>
    public Task<PivAttestation> AttestAsync(PivSlot slot, CancellationToken ct) => _session.RunAsync(
        connection =>
        {
            byte[] certificate = connection.Commands.Attest(slot) ?? throw new BackendException(
                $"{Name} does not attest slot {slot}: there is no key, it was imported, or the card has no "
                + "attestations.");
            byte[] content = connection.Commands.ReadObject(AttestationCertificate) ?? throw new BackendException(
                $"{Name} attests slot {slot}, but the certificate of its attestation key (slot f9) was removed.");
            return new PivAttestation(
                PivCertificate.Parse(certificate).Der,
                PivCertificate.FromObject(content)?.Der
                    ?? throw new PivException("The certificate of the attestation key (slot f9) is empty."));
        },
        ct);

    private async Task ChangeAsync(Func<PivCommands, StatusWord> change, PivSecretKind kind, CancellationToken ct)
    {
        StatusWord status =
            await _session.RunAsync(connection => change(connection.Commands), ct).ConfigureAwait(false);
        _session.ForgetPin();
        if (!status.IsSuccess)
        {
            throw _session.Wrong(kind, status);
        }
    }

    private bool Replace(
        PivConnection connection, PivManagementKey old, PivAlgorithm algorithm, Secret replacement, bool isStored)
    {
        PivCommands commands = connection.Commands;
        old.Authenticate(connection);
        if (isStored)
        {
            _session.VerifyPin(connection);
        }

        commands.SetManagementKey(algorithm, replacement.Span);
        try
        {
            if (isStored || old.State.Pivman.HasStoredKey)
            {
                PivmanData.WriteStoredKey(commands, isStored ? replacement.Span : []);
            }

            if (isStored || old.State.Pivman.HasStoredKey || old.State.Pivman.HasDerivedKey)
            {
                old.State.Pivman.With(isStored).Write(commands);
            }
        }
        catch (PivException)
        {
            // Nobody else knows the new key.
            old.Restore(connection);
            throw;
        }

        return true;
    }

    private void RequireManagementAlgorithm(PivAlgorithm algorithm, Secret? key)
    {
        int length = PivCommands.ManagementKeyBytes(algorithm);
        if (algorithm != PivAlgorithm.TDES && !(_session.Token.Firmware >= AesManagementKeys))
        {
            throw new BackendException($"{Name} has no AES management keys: that takes firmware 5.4.");
        }

        if (key is not null && key.Length != length)
        {
            throw new BackendException($"A management key of this kind has {length} bytes, and this has {key.Length}.");
        }
    }

    private Secret Copy(PivAlgorithm algorithm, Secret? key)
    {
        Secret copy = _session.Memory.Allocate(PivCommands.ManagementKeyBytes(algorithm));
        if (key is null)
        {
            RandomNumberGenerator.Fill(copy.Span);
        }
        else
        {
            key.Span.CopyTo(copy.Span);
        }

        return copy;
    }

    private static void Block(Func<byte[], StatusWord> tryWrong)
    {
        for (int i = 0; i <= byte.MaxValue; i++)
        {
            StatusWord status = tryWrong(RandomNumberGenerator.GetBytes(PivCommands.PinBytes));
            if (status.TriesLeft == 0)
            {
                return;
            }
        }
    }
}
