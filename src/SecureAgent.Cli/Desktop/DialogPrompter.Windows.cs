using System.Runtime.Versioning;
using SecureAgent.Cli.Prompts;
using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>Asks with a dialog of the agent's own on the user's desktop.</summary>
[SupportedOSPlatform("windows")]
internal sealed class DialogPrompter : IPromptSurface
{
    /// <summary>Title of a dialog that takes a secret.</summary>
    public const string SecretTitle = "SecureAgent: PIN or passphrase";

    /// <summary>Title of a dialog that asks yes or no.</summary>
    public const string ConfirmTitle = "SecureAgent: allow?";

    /// <summary>Title of a notice.</summary>
    public const string NoticeTitle = "SecureAgent: notice";

    private readonly ISecretMemory _memory;

    /// <summary>Creates the prompter.</summary>
    /// <param name="memory">Where answers are kept.</param>
    public DialogPrompter(ISecretMemory memory) => _memory = memory;

    /// <inheritdoc/>
    public string? Unavailable(int? asker) => InteractiveDesktop.Missing();

    /// <inheritdoc/>
    public ValueTask<Secret?> ReadSecretAsync(string text, CancellationToken ct) =>
        PromptDialog.ReadSecretAsync(SecretTitle, text, _memory, ct);

    /// <inheritdoc/>
    public ValueTask<bool> ConfirmAsync(string text, CancellationToken ct) =>
        PromptDialog.ConfirmAsync(ConfirmTitle, text, ct);

    /// <inheritdoc/>
    public IDisposable Show(string text) => NoticeWindow.Show(NoticeTitle, text);
}
