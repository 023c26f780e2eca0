namespace SecureAgent.Core;

/// <summary>A question for a PIN.</summary>
/// <param name="KeyName">The key as the user knows it.</param>
/// <param name="Device">Where the key lives, such as <c>TPM</c>.</param>
/// <param name="Who">For whom, or <see langword="null"/> when the user's own command asks.</param>
/// <param name="TriesLeft">Wrong answers that the device will still take before it locks, or <see langword="null"/> if
/// unknown.</param>
/// <param name="PreviousWasWrong">Whether the last answer was refused.</param>
public sealed record PinPrompt(string KeyName, string Device, SignContext? Who, int? TriesLeft, bool PreviousWasWrong)
{
    /// <summary>Whether it is not the key's PIN that is asked for, but a password of the device that <c>KeyName</c>
    /// names, such as that of the TPM's owner hierarchy.</summary>
    public bool IsPassword { get; init; }
}
