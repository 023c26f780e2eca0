using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.SecurityKey;

/// <summary>Keys of security keys that clients added. They sign through OpenSSH's own ssh-sk-helper(8), one signature
/// at a time: while a security key waits for a touch it does nothing else.</summary>
public sealed class SecurityKeys : ISecurityKeys, IAsyncDisposable
{
    private const string Internal = "internal";

    private readonly Func<string, string> _check;
    private readonly SkHelperProcess _helper;
    private readonly DeviceQueue _queue;

    /// <summary>Creates it; no process is started before the first signature.</summary>
    /// <param name="memory">Where handles and PINs stand.</param>
    /// <param name="prompter">Asks for PINs, and for touches.</param>
    /// <param name="check">Checks that a library may be loaded and returns its real path; throws
    /// <see cref="BackendException"/> if it may not.</param>
    /// <param name="helper">What SSH_SK_HELPER says, if anything.</param>
    /// <param name="time">The clock of deadlines.</param>
    public SecurityKeys(
        ISecretMemory memory, IPrompter prompter, Func<string, string> check, string? helper, TimeProvider time)
    {
        (Memory, Prompter, _check) = (memory, prompter, check);
        _helper = new SkHelperProcess(helper, time);
        _queue = new DeviceQueue("security keys", time);
    }

    /// <summary>Where handles and PINs stand.</summary>
    internal ISecretMemory Memory { get; }

    /// <summary>Asks for PINs, and for touches.</summary>
    internal IPrompter Prompter { get; }

    /// <inheritdoc/>
    public IHeldKey Hold(SkPrivateKey key, string provider)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(provider);
        bool isInternal = provider.Equals(Internal, StringComparison.OrdinalIgnoreCase);
        string path = isInternal ? Internal : _check(provider);
        _ = _helper.Find();
        return new SecurityKeyHandle(key, path, this);
    }

    /// <summary>Kills the helper that runs.</summary>
    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    /// <summary>Has the helper sign when its turn has come.</summary>
    /// <param name="provider">As <see cref="Hold"/> found it: the helper loads it anew for each signature, and it may
    /// have been changed meanwhile.</param>
    /// <param name="request">As <see cref="SkHelperRequest.Encode"/> makes it.</param>
    /// <param name="hasPin">Whether there is a PIN in the request.</param>
    /// <param name="ct">Cancelled when the client has gone.</param>
    /// <exception cref="BackendException">The library is not allowed any more, or there was no answer.</exception>
    internal Task<SkHelperReply> AskAsync(string provider, Secret request, bool hasPin, CancellationToken ct)
    {
        if (provider != Internal)
        {
            _ = _check(provider);
        }

        return _queue.RunAsync(token => _helper.Ask(request.Span, isQuotable: !hasPin, token), ct);
    }
}
