using System.Globalization;
using System.Text.Json;

namespace SecureAgent.Cli.Audit;

/// <summary>What one line of an audit log says. Its texts are as the client wrote them; whoever shows them escapes
/// them.</summary>
internal sealed class AuditEntry
{
    private readonly JsonElement _members;

    private AuditEntry(JsonElement members, AuditLine line) => (_members, Line) = (members, line);

    /// <summary>Its place in the chain.</summary>
    public AuditLine Line { get; }

    /// <summary>What was done, or what it says of the log itself.</summary>
    public string Action => Text("action") ?? "";

    /// <summary>When; milliseconds, UTC.</summary>
    public DateTimeOffset? Time => TimeOf("time");

    /// <summary>Reads a line without its line end.</summary>
    /// <returns><see langword="null"/> if it is no record, or not as it was written.</returns>
    public static AuditEntry? Read(ReadOnlySpan<byte> line)
    {
        if (!AuditLine.TryRead(line, out AuditLine read))
        {
            return null;
        }

        try
        {
            RequireTexts(line);
            Utf8JsonReader reader = new(line);
            return new AuditEntry(JsonElement.ParseValue(ref reader), read);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // Somebody gave a right hash to what no agent writes.
        }
    }

    /// <summary>A member's text, or <see langword="null"/>.</summary>
    public string? Text(string member) =>
        _members.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>A member's number, or <see langword="null"/>.</summary>
    public long? Number(string member) =>
        _members.TryGetProperty(member, out JsonElement value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out long number)
            ? number
            : null;

    /// <summary>A member's truth; false if it is not there.</summary>
    public bool Is(string member) =>
        _members.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    /// <summary>A member's time, or <see langword="null"/>.</summary>
    public DateTimeOffset? TimeOf(string member) =>
        DateTimeOffset.TryParse(
            Text(member), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;

    /// <summary>The members of a member, or <see langword="null"/>.</summary>
    public AuditEntry? Within(string member) =>
        _members.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.Object
            ? new AuditEntry(value, Line)
            : null;

    /// <summary>The nearest process that asked, or <see langword="null"/>.</summary>
    public (long? ProcessId, string? Image)? NearestProcess()
    {
        if (!_members.TryGetProperty("processes", out JsonElement processes)
            || processes.ValueKind != JsonValueKind.Array
            || processes.GetArrayLength() == 0)
        {
            return null;
        }

        AuditEntry nearest = new(processes[0], Line);
        return processes[0].ValueKind == JsonValueKind.Object ? (nearest.Number("pid"), nearest.Text("image")) : null;
    }

    /// <summary>Looks at every text now: half of a surrogate pair, which JSON can write, would else be thrown out by
    /// whoever asks for any member.</summary>
    /// <exception cref="InvalidOperationException">A text is none.</exception>
    private static void RequireTexts(ReadOnlySpan<byte> line)
    {
        Utf8JsonReader reader = new(line);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.ValueIsEscaped)
            {
                _ = reader.GetString();
            }
        }
    }
}
