using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using SecureAgent.Core;

namespace SecureAgent.Cli.Desktop;

/// <summary>Takes what was typed into an edit control to secret memory, by way of secret memory alone, and overwrites
/// it in the control.</summary>
[SupportedOSPlatform("windows")]
internal sealed class PinField
{
    /// <summary>Longest answer, in UTF-16 units.</summary>
    public const int MaxCharacters = 340;

    private const int Utf8BytesPerCharacter = 3;

    private readonly ISecretMemory _memory;
    private Secret? _answer;
    private nint _edit;

    /// <summary>Creates it; <see cref="Attach"/> tells the control.</summary>
    public PinField(ISecretMemory memory) => _memory = memory;

    /// <summary>Takes the control.</summary>
    public void Attach(nint edit)
    {
        _edit = edit;
        _ = User32.SendMessageW(edit, User32.EM_LIMITTEXT, MaxCharacters, 0);
    }

    /// <summary>Empties the control; on its thread.</summary>
    /// <param name="keep">Whether what was typed is the answer.</param>
    public void Read(bool keep)
    {
        int length = Math.Min(User32.GetWindowTextLengthW(_edit), MaxCharacters);
        if (keep && length > 0)
        {
            using Secret typed = _memory.Allocate((MaxCharacters + 1) * sizeof(char));
            length = User32.GetWindowTextW(_edit, typed.Span, MaxCharacters + 1);
            Secret answer = _memory.Allocate(MaxCharacters * Utf8BytesPerCharacter);
            answer.Length = Encoding.UTF8.GetBytes(
                MemoryMarshal.Cast<byte, char>(typed.Span)[..length], answer.Span);
            Interlocked.Exchange(ref _answer, answer)?.Dispose();
        }

        // The same length, so that the control writes it over the old text in place; the undo buffer is another copy.
        _ = User32.SetWindowTextW(_edit, new string('*', length));
        _ = User32.SendMessageW(_edit, User32.EM_EMPTYUNDOBUFFER, 0, 0);
        _ = User32.SetWindowTextW(_edit, "");
    }

    /// <summary>The answer, which becomes the caller's; <see langword="null"/> if nothing was typed.</summary>
    public Secret? Take() => Interlocked.Exchange(ref _answer, null);
}
