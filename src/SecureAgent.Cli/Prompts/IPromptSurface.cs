using SecureAgent.Core;

namespace SecureAgent.Cli.Prompts;

/// <summary>One way to put a question before the person. The text it gets is already safe to show.</summary>
internal interface IPromptSurface
{
    /// <summary>Why nobody can be asked this way now, and what to set; <see langword="null"/> if somebody
    /// can.</summary>
    /// <param name="asker">The process that the question is for; <see langword="null"/> for this one or if it is not
    /// known.</param>
    string? Unavailable(int? asker);

    /// <summary>Asks for a PIN or passphrase.</summary>
    /// <returns>The answer in UTF-8, not empty; <see langword="null"/> if the person gave none.</returns>
    /// <exception cref="BackendException">The answer cannot be used; the message says why.</exception>
    ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct);

    /// <summary>Asks yes or no.</summary>
    ValueTask<bool> ConfirmAsync(string text, CancellationToken ct);

    /// <summary>Shows <paramref name="text"/> until the result is disposed.</summary>
    IDisposable Show(string text);
}
