using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Core;

/// <summary>One sign request from the key it names to the signature on the wire. No lock is held at any step.</summary>
internal readonly struct SignOperation
{
    /// <summary>What <c>ssh-add -T</c> has signed: random bytes.</summary>
    private const int SelfTestSizeBytes = 1024;

    private readonly SshAgent _agent;
    private readonly PeerInfo _peer;
    private readonly SessionBindings _bindings;

    public SignOperation(SshAgent agent, PeerInfo peer, SessionBindings bindings) =>
        (_agent, _peer, _bindings) = (agent, peer, bindings);

    /// <summary>Signs and writes SSH_AGENT_SIGN_RESPONSE.</summary>
    /// <returns>Why not, or <see langword="null"/> if the response is written.</returns>
    public async ValueTask<Refused?> RunAsync(
        AgentRequest.SignRequest request, IBufferWriter<byte> response, CancellationToken ct)
    {
        if (_agent.Identities.Find(request.Key) is not { } identity)
        {
            return new Refused(Refusal.UnknownKey, "no such key is listed")
            {
                Fingerprint = PublicKey.FingerprintOf(request.Key),
            };
        }

        // A copy of our own: a device that hangs may still read it when the connection's buffer serves another request.
        byte[] data = request.Data.ToArray();
        SignedPayload payload = SignedPayload.Classify(data);
        string fingerprint = identity.PublicKey.Fingerprint;
        if (ChooseAlgorithm(identity.PublicKey, request.Flags, payload, data.Length) is not { } algorithm)
        {
            return new Refused(Refusal.AlgorithmNotAllowed,
                $"{identity.Comment} was to sign with SHA-1, which is forgeable; use a client that knows rsa-sha2-256")
            {
                Fingerprint = fingerprint,
            };
        }

        SignContext who = new(_peer, identity.Comment, SignPurpose.Describe(payload, _bindings));
        try
        {
            if (!await ConsentAsync(payload, who, ct).ConfigureAwait(false))
            {
                return new Refused(Refusal.NotConfirmed, $"{who.Purpose} was declined") { Fingerprint = fingerprint };
            }

            byte[] raw = await identity.Signer.SignAsync(algorithm, data, who, ct).ConfigureAwait(false);
            if (identity.VerifyBeforeRelease && !SignatureVerifier.Verify(identity.PublicKey, algorithm, data, raw))
            {
                return new Refused(Refusal.BadSignature,
                    $"{identity.Backend} returned a signature for {identity.Comment} that is wrong; it is discarded")
                {
                    Fingerprint = fingerprint,
                };
            }

            return Release(algorithm, raw, who, fingerprint, response);
        }
        catch (BackendException exception)
        {
            return new Refused(Refusal.BackendFailed, exception.Message) { Fingerprint = fingerprint };
        }
    }

    /// <summary>The algorithm, or <see langword="null"/> if it would be SHA-1. The self-test of <c>ssh-add -T</c> before
    /// OpenSSH 9.3 names no hash and takes any signature: it gets SHA-256, as newer ones ask for (decision 0005).</summary>
    private static SignatureAlgorithm? ChooseAlgorithm(
        PublicKey key, SignatureFlags flags, SignedPayload payload, int sizeBytes)
    {
        SignatureAlgorithm algorithm = SignatureAlgorithm.For(key, flags);
        return algorithm != SignatureAlgorithm.SshRsa ? algorithm
            : payload is SignedPayload.UnknownPayload && sizeBytes == SelfTestSizeBytes ? SignatureAlgorithm.RsaSha2_256
            : null;
    }

    /// <summary>Asks the person before bytes of no known meaning are signed for another host: they could be a login to
    /// anywhere, or anything.</summary>
    private async ValueTask<bool> ConsentAsync(SignedPayload payload, SignContext who, CancellationToken ct) =>
        payload is not SignedPayload.UnknownPayload || !_bindings.IsForwarded
        || await _agent.Prompter.ConfirmAsync(new ConfirmPrompt(who), ct).ConfigureAwait(false);

    private Refused? Release(
        SignatureAlgorithm algorithm, byte[] raw, SignContext who, string fingerprint, IBufferWriter<byte> response)
    {
        if (_agent.Lock.IsLocked)
        {
            return new Refused(Refusal.Locked, "the agent was locked while the device signed")
            {
                Fingerprint = fingerprint,
            };
        }

        AgentResponse.WriteSignResponse(response, algorithm, raw);
        _agent.LogSignature(new AgentEvent(AgentEventLevel.Information, "sign", $"{who.KeyName}: {who.Purpose}.")
        {
            Peer = _peer,
            Fingerprint = fingerprint,
        });
        return null;
    }
}
