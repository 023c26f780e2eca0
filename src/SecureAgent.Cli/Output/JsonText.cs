using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SecureAgent.Cli.Output;

/// <summary>The text of every <c>--json</c> output. It is ASCII, so that nothing from outside reaches the terminal; and
/// what is ASCII stands for itself, so that a fingerprint can be searched for (the standard encoder writes its plus
/// signs as escapes).</summary>
internal static class JsonText
{
    private static readonly CliJson Context = new(
        new JsonSerializerOptions(CliJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The text of <paramref name="value"/>, whose type is one of <see cref="CliJson"/>.</summary>
    public static string Of<T>(T value)
    {
        // A type that is missing there is a mistake of this program.
        JsonTypeInfo<T> type = (JsonTypeInfo<T>)Context.GetTypeInfo(typeof(T))!;
        StringBuilder text = new();
        foreach (char character in JsonSerializer.Serialize(value, type))
        {
            if (character <= '~')
            {
                text.Append(character);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
        }

        return text.ToString();
    }
}
