namespace SecureAgent.Core;

/// <summary>Asks the person, in askpass vocabulary. All text in a prompt is escaped by the prompter before
/// display.</summary>
public interface IPrompter
{
    /// <summary>Why nobody can be asked for <paramref name="peer"/> now, and what to set; <see langword="null"/> if
    /// somebody can.</summary>
    string? Unavailable(PeerInfo peer);

    /// <summary>Asks yes or no.</summary>
    /// <exception cref="BackendException">Nobody can be asked (<see cref="BackendFailure.PinRequired"/>); the message
    /// says why.</exception>
    ValueTask<bool> ConfirmAsync(ConfirmPrompt prompt, CancellationToken ct);

    /// <summary>Asks for a PIN or passphrase.</summary>
    /// <returns>The PIN as UTF-8, which the caller disposes; <see langword="null"/> if the person dismissed the
    /// prompt.</returns>
    /// <exception cref="BackendException">Nobody can be asked (<see cref="BackendFailure.PinRequired"/>); the message
    /// says why.</exception>
    ValueTask<Secret?> ReadPinAsync(PinPrompt prompt, CancellationToken ct);

    /// <summary>Shows that a device waits for a touch, until the result is disposed.</summary>
    IDisposable ShowTouch(TouchPrompt prompt);
}
