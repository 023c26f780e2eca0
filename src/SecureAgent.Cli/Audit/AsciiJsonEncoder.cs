using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;

namespace SecureAgent.Cli.Audit;

/// <summary>JSON in which printable ASCII stands for itself, so that a fingerprint can be searched for, and everything
/// else is an escape, so that no text from outside ends a line or reaches a terminal.</summary>
internal sealed unsafe class AsciiJsonEncoder : JavaScriptEncoder
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
    [
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(value => (char)value).Where(value => value is not ('"' or '\\')),
    ]);

    /// <summary>The one encoder.</summary>
    public static AsciiJsonEncoder Instance { get; } = new();

    /// <inheritdoc/>
    public override int MaxOutputCharactersPerInputCharacter => 12; // A surrogate pair is two escapes of six.

    /// <inheritdoc/>
    public override int FindFirstCharacterToEncode(char* text, int textLength) =>
        new ReadOnlySpan<char>(text, textLength).IndexOfAnyExcept(Plain);

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) =>
        unicodeScalar > char.MaxValue || !Plain.Contains((char)unicodeScalar);

    /// <inheritdoc/>
    public override bool TryEncodeUnicodeScalar(
        int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        Span<char> destination = new(buffer, bufferLength);
        if (!WillEncode(unicodeScalar))
        {
            numberOfCharactersWritten = 1;
            if (bufferLength > 0)
            {
                destination[0] = (char)unicodeScalar;
            }

            return bufferLength > 0;
        }

        if (unicodeScalar <= char.MaxValue)
        {
            return destination.TryWrite(
                CultureInfo.InvariantCulture, $"\\u{unicodeScalar:x4}", out numberOfCharactersWritten);
        }

        string pair = char.ConvertFromUtf32(unicodeScalar);
        return destination.TryWrite(
            CultureInfo.InvariantCulture, $"\\u{(int)pair[0]:x4}\\u{(int)pair[1]:x4}", out numberOfCharactersWritten);
    }
}
