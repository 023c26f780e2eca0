using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.SecurityKey;

/// <summary>One key of a security key: what the computer holds of it, in secret memory.</summary>
internal sealed class SecurityKeyHandle : IHeldKey
{
    private const byte SSH_SK_USER_PRESENCE_REQD = 1;

    private readonly Lock _gate = new();
    private readonly PublicKey _publicKey;
    private readonly bool _wantsTouch;
    private readonly Secret _key;
    private readonly string _provider;
    private readonly SecurityKeys _keys;
    private bool _disposed;

    /// <summary>Takes a copy of <paramref name="key"/>.</summary>
    public SecurityKeyHandle(SkPrivateKey key, string provider, SecurityKeys keys)
    {
        (_publicKey, _provider, _keys) = (key.PublicKey, provider, keys);
        _wantsTouch = (key.Flags & SSH_SK_USER_PRESENCE_REQD) != 0;
        _key = SkHelperRequest.EncodeKey(key, keys.Memory);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]> SignAsync(
        SignatureAlgorithm algorithm, ReadOnlyMemory<byte> data, SignContext who, CancellationToken ct)
    {
        // As ssh-agent does: which keys need a PIN only the security key knows for sure, so it is asked without first.
        SkHelperReply reply = await AskAsync(data, pin: null, who, ct).ConfigureAwait(false);
        bool hasPin = reply.Error == SkHelperError.SSH_ERR_KEY_WRONG_PASSPHRASE;
        if (hasPin)
        {
            PinPrompt prompt = new(who.KeyName, "the security key", who, TriesLeft: null, PreviousWasWrong: false);
            using Secret pin = await _keys.Prompter.ReadPinAsync(prompt, ct).ConfigureAwait(false)
                ?? throw new BackendException(BackendFailure.PinRequired, $"No PIN was entered for {who.KeyName}.");
            reply = await AskAsync(data, pin, who, ct).ConfigureAwait(false);
        }

        return reply.Signature is { } signature && signature.Algorithm == algorithm
            ? SkSignature.Join(signature)
            : throw Explain(reply, who.KeyName);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _key.Dispose();
        }
    }

    private async Task<SkHelperReply> AskAsync(
        ReadOnlyMemory<byte> data, Secret? pin, SignContext who, CancellationToken ct)
    {
        using Secret request = Encode(data, pin);
        using IDisposable? touch = _wantsTouch ? ShowTouch(who) : null;
        return await _keys.AskAsync(_provider, request, hasPin: pin is not null, ct).ConfigureAwait(false);
    }

    private Secret Encode(ReadOnlyMemory<byte> data, Secret? pin)
    {
        lock (_gate)
        {
            return _disposed
                ? throw new BackendException($"The key {_publicKey} was removed.")
                : SkHelperRequest.Encode(
                    _key.Span, _provider, data.Span, pin is null ? [] : pin.Span, _keys.Memory);
        }
    }

    /// <summary>Says that a touch is waited for, if there is anybody to say it to: the security key blinks
    /// anyway.</summary>
    private IDisposable? ShowTouch(SignContext who)
    {
        try
        {
            return _keys.Prompter.ShowTouch(new TouchPrompt(who));
        }
        catch (BackendException)
        {
            return null;
        }
    }

    private static BackendException Explain(SkHelperReply reply, string name) => reply.Error switch
    {
        SkHelperError.SSH_ERR_KEY_WRONG_PASSPHRASE => new BackendException(
            BackendFailure.PinRequired, $"The PIN of the security key of {name} was wrong. Try again."),
        SkHelperError.SSH_ERR_DEVICE_NOT_FOUND => new BackendException(
            BackendFailure.DeviceAbsent, $"The security key of {name} is not plugged in. Plug it in and try again."),
        SkHelperError.SSH_ERR_FEATURE_UNSUPPORTED => new BackendException(
            $"The library that speaks to the security key cannot sign with {name}."),
        _ => new BackendException($"ssh-sk-helper did not sign with {name}: error {(uint)reply.Error}."),
    };
}
