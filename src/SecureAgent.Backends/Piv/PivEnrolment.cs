using SecureAgent.Backends.PrivateKeys;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>Makes keys on a card, moves existing ones to it, and removes them. A key has signed its own certificate,
/// and the signature was verified, before it is said to be there.</summary>
public sealed class PivEnrolment
{
    private static readonly Version DeletesKeys = new(5, 7, 0);

    private readonly PivTokenSession _session;

    /// <summary>Enrols on the card of <paramref name="session"/>, which stays the caller's.</summary>
    public PivEnrolment(PivTokenSession session) => _session = session;

    /// <summary>Makes a key and writes a self-signed certificate beside it. Asks for what the card wants: the PIN,
    /// unless the key is to have none, and the management key, unless it is that of new cards or stored behind the
    /// PIN.</summary>
    /// <exception cref="BackendException">The slot is taken, the card cannot make such a key, or it refused. Unless the
    /// message says otherwise, the slot is as it was.</exception>
    public async Task<PivKey> NewAsync(PivKeyRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        Check(request, request.Algorithm, isGenerated: true);
        using PivManagementKey management = await PrepareAsync(request, ct).ConfigureAwait(false);
        await _session.RunAsync(
            connection =>
            {
                Begin(connection, management, request);
                PublicKey key = PivPublicKey.FromDataObjects(
                    request.Algorithm,
                    connection.Commands.Generate(
                        request.Slot, request.Algorithm, request.PinPolicy, request.TouchPolicy))
                    ?? throw new PivException("The card made a key and did not tell its public half.");
                if (PivWeakness.IsRoca(key))
                {
                    throw new BackendException(
                        $"{_session.Token.Name} made a weak RSA key (YSA-2017-01), and it is not to be used. Choose "
                        + "ecdsa-256.");
                }

                return Certify(connection, request, key);
            },
            ct).ConfigureAwait(false);
        return await ReadBackAsync(request.Slot, ct).ConfigureAwait(false);
    }

    /// <summary>Moves an existing private key to the card and writes a self-signed certificate beside it. The file it
    /// comes from stays as it is.</summary>
    /// <param name="request">What it is to be; its algorithm is the file's.</param>
    /// <param name="content">The private key file: OpenSSH's own format, PKCS #8, PKCS #1 or SEC 1 PEM.</param>
    /// <param name="fileName">What to call it in an error.</param>
    /// <param name="ask">Asked for its passphrase if it is encrypted.</param>
    /// <param name="ct">Ends the wait for the passphrase and for the card.</param>
    /// <exception cref="BackendException">As <see cref="NewAsync"/>, or the file cannot be used.</exception>
    public async Task<PivKey> ImportAsync(
        PivKeyRequest request, ReadOnlyMemory<byte> content, string fileName, AskPassphrase ask, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(ask);
        using PrivateKeyMaterial file = await PrivateKeyFile.ReadAsync(content, fileName, ask, ct)
            .ConfigureAwait(false);
        using PivPrivateKey key = PivPrivateKey.From(file, fileName, _session.Memory);
        PivAlgorithm algorithm = PivPublicKey.AlgorithmOf(key.PublicKey);
        Check(request, algorithm, isGenerated: false);
        using PivManagementKey management = await PrepareAsync(request, ct).ConfigureAwait(false);
        await _session.RunAsync(
            connection =>
            {
                Begin(connection, management, request);
                connection.Commands.Import(
                    request.Slot, algorithm, key.FirstTag, key.Parts, request.PinPolicy, request.TouchPolicy);
                return Certify(connection, request, key.PublicKey);
            },
            ct).ConfigureAwait(false);
        return await ReadBackAsync(request.Slot, ct).ConfigureAwait(false);
    }

    /// <summary>Removes what is in a slot.</summary>
    /// <returns>Whether the key is gone too. Firmware before 5.7 deletes no keys: then only the certificate is, and the
    /// key stays until another one overwrites it.</returns>
    /// <exception cref="BackendException">The slot is empty, or the card refused.</exception>
    public async Task<bool> RemoveAsync(PivSlot slot, CancellationToken ct)
    {
        if (_session.Token.Keys.All(key => key.Slot != slot))
        {
            throw new BackendException(
                BackendFailure.DeviceAbsent, $"There is no key in slot {slot} of {_session.Token.Name}.");
        }

        bool canDelete = _session.Token.Firmware >= DeletesKeys;
        using PivManagementKey management = await PivManagementKey.PrepareAsync(_session, ct).ConfigureAwait(false);
        await _session.RunAsync(
            connection =>
            {
                management.Authenticate(connection);
                if (canDelete)
                {
                    connection.Commands.Delete(slot);
                }

                connection.Commands.WriteObject(slot.CertificateObject, []);
                return true;
            },
            ct).ConfigureAwait(false);
        await _session.RefreshAsync(ct).ConfigureAwait(false);
        return canDelete;
    }

    // Everything that can be refused before the card is changed.
    private void Check(PivKeyRequest request, PivAlgorithm algorithm, bool isGenerated)
    {
        KeyName.Require(request.Name);
        PivKeyTypes.RequireSupport(_session.Token, algorithm, request.PinPolicy, request.TouchPolicy, isGenerated);
        if (!request.Force && _session.Token.Keys.FirstOrDefault(key => key.Slot == request.Slot) is PivKey taken)
        {
            throw new BackendException(
                $"There is already a key in slot {request.Slot} of {_session.Token.Name}: {taken.Comment}. Choose "
                + "another slot, or let --force overwrite it, for good.");
        }
    }

    private async Task<PivManagementKey> PrepareAsync(PivKeyRequest request, CancellationToken ct)
    {
        if (WantsPin(request))
        {
            await _session.NeedPinAsync(ct).ConfigureAwait(false);
        }

        return await PivManagementKey.PrepareAsync(_session, ct).ConfigureAwait(false);
    }

    // A wrong PIN must show before the slot is changed.
    private void Begin(PivConnection connection, PivManagementKey management, PivKeyRequest request)
    {
        if (WantsPin(request))
        {
            _session.VerifyPin(connection);
        }

        management.Authenticate(connection);
    }

    private bool Certify(PivConnection connection, PivKeyRequest request, PublicKey publicKey)
    {
        PivKey key = new()
        {
            Slot = request.Slot,
            Reference = $"piv:{_session.Token.Id}:{request.Slot}",
            Algorithm = PivPublicKey.AlgorithmOf(publicKey),
            PublicKey = publicKey,
            PinPolicy = PolicyOf(request),
            TouchPolicy = request.TouchPolicy,
        };
        byte[] toBeSigned = PivSelfSignedCertificate.ToBeSigned(publicKey, request.Name, _session.Now);
        SignatureAlgorithm algorithm =
            SignatureAlgorithm.For(publicKey, SignatureFlags.SSH_AGENT_RSA_SHA2_256);
        ReadOnlyMemory<byte> input = PivSigner.InputOf(key, algorithm, toBeSigned);
        if (WantsPin(request))
        {
            // Right before: the key may want it each time, and making the key may have cost it.
            _session.VerifyPin(connection);
        }

        StatusWord status;
        byte[] answer;
        using (_session.HintTouch(key.WantsTouch))
        {
            status = connection.Commands.Sign(key.Slot, key.Algorithm, input.Span, out answer);
        }

        if (!status.IsSuccess)
        {
            throw new PivException(BackendFailure.Refused,
                $"The key is in slot {key.Slot} of {_session.Token.Name} now, but it did not sign its certificate: "
                + $"{PivCommands.Explain(status)}. Make it again with --force.", status);
        }

        if (!SignatureVerifier.Verify(publicKey, algorithm, toBeSigned, PivSigner.RawOf(key, answer)))
        {
            throw new BackendException(
                $"The first signature of the new key in slot {key.Slot} of {_session.Token.Name} is wrong. Do not use "
                + "it.");
        }

        byte[] certificate = PivSelfSignedCertificate.Encode(publicKey, toBeSigned, answer);
        connection.Commands.WriteObject(key.Slot.CertificateObject, PivCertificate.ToObject(certificate));
        return true;
    }

    private async Task<PivKey> ReadBackAsync(PivSlot slot, CancellationToken ct)
    {
        PivToken token = await _session.RefreshAsync(ct).ConfigureAwait(false);
        return token.Keys.FirstOrDefault(key => key.Slot == slot)
            ?? throw new PivException($"{token.Name} took the key for slot {slot}, and does not show it.");
    }

    private static PivPinPolicy PolicyOf(PivKeyRequest request) =>
        request.PinPolicy == PivPinPolicy.Default ? request.Slot.DefaultPinPolicy : request.PinPolicy;

    private static bool WantsPin(PivKeyRequest request) => PolicyOf(request) != PivPinPolicy.Never;
}
