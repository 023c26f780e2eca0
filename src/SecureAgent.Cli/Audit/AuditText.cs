using System.Globalization;
using System.Text;
using SecureAgent.Cli.Output;

namespace SecureAgent.Cli.Audit;

/// <summary>A record as a line for a person.</summary>
internal static class AuditText
{
    private const int LineCharacters = 600;
    private const int TextCharacters = 150;

    /// <summary>Time, verdict, action, key, purpose, destination, who, and why not; one line, safe to show.</summary>
    public static string Line(AuditEntry entry)
    {
        StringBuilder line = new(Time(entry.Time));
        switch (entry.Action)
        {
            case AuditLines.BeginAction:
                line.Append("  a file of the log begins");
                break;
            case AuditLines.TornAction:
                line.Append("  the line before was left incomplete by a crash");
                break;
            case AuditLines.LostAction:
                line.Append(CultureInfo.InvariantCulture, $"  {entry.Number("count")} records were lost, ")
                    .Append(
                        CultureInfo.InvariantCulture, $"{Time(entry.TimeOf("from"))} to {Time(entry.TimeOf("to"))}");
                break;
            default:
                AppendUse(line, entry);
                break;
        }

        return SafeText.Line(line.ToString(), LineCharacters);
    }

    private static void AppendUse(StringBuilder line, AuditEntry entry)
    {
        line.Append(CultureInfo.InvariantCulture, $"  {entry.Text("verdict"),-7}  {entry.Action}");
        if (entry.Text("name") is string name)
        {
            line.Append(' ').Append(SafeText.Quote(name, TextCharacters));
        }

        Append(line, " ", entry.Text("key"));
        Append(line, ": ", entry.Text("purpose"));
        Append(line, ", destination ", entry.Text("destination"));
        line.Append(entry.Is("forwarded") ? ", forwarded" : "").Append(", by ");
        (long? id, string? image) = entry.NearestProcess() ?? default;
        line.Append(image is null ? "an unknown program" : SafeText.Quote(image, TextCharacters));
        Append(line, " pid ", id?.ToString(CultureInfo.InvariantCulture));
        Append(line, " of user ", entry.Text("user"));
        Append(line, " on ", entry.Text("channel"));
        if (entry.Within("claimed") is AuditEntry claimed)
        {
            Append(line, ", for ", claimed.Text("channel"));
            Append(line, " (claimed) ", claimed.NearestProcess()?.Image ?? "an unknown program");
        }

        Append(line, "; ", entry.Text("refusal"));
        Append(line, ": ", entry.Text("reason"));
    }

    private static void Append(StringBuilder line, string before, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            line.Append(before).Append(SafeText.Escape(text, TextCharacters));
        }
    }

    private static string Time(DateTimeOffset? time) =>
        time?.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "(no time)";
}
