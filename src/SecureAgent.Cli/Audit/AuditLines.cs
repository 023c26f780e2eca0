using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Cli.Audit;

/// <summary>Writes records as the lines of a chain (docs/audit.md) into one buffer that is used again and
/// again.</summary>
internal sealed class AuditLines : IDisposable
{
    /// <summary>The version of the format.</summary>
    public const int Schema = 1;

    /// <summary>The action of a file's first line.</summary>
    public const string BeginAction = "begin";

    /// <summary>The action of the record that follows an incomplete line.</summary>
    public const string TornAction = "torn";

    /// <summary>The action of the record that says how many are missing.</summary>
    public const string LostAction = "lost";

    // Longer than any that a person wrote, and short enough that nobody fills the log with one request.
    private const int NameCharacters = 256;
    private const int TextCharacters = 512;
    private const int MostProcesses = 16;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private readonly char[] _hash = new char[AuditHead.HashDigits];
    private readonly char[] _time = new char[24];
    private long _timeMilliseconds = -1;
    private long _sequence;
    private int _start;

    /// <summary>Makes an empty buffer.</summary>
    public AuditLines() => _json = new Utf8JsonWriter(
        _buffer, new JsonWriterOptions { Encoder = AsciiJsonEncoder.Instance, SkipValidation = true });

    /// <summary>The lines, each with its line end.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.WrittenSpan;

    /// <summary>The last of the lines.</summary>
    public AuditHead Head => new(_sequence, new string(_hash));

    /// <summary>Forgets all lines; the next one continues <paramref name="head"/>.</summary>
    public void Continue(AuditHead head)
    {
        _buffer.ResetWrittenCount();
        _sequence = head.Sequence;
        head.Hash.CopyTo(_hash);
    }

    /// <summary>Adds a use or a refusal.</summary>
    public void Add(AuditRecord record)
    {
        Begin(record.Time, record.Action);
        _json.WriteString(Members.Verdict, record.Refusal is null ? Members.Allowed : Members.Refused);
        Text(Members.Key, record.Fingerprint, NameCharacters);
        Text(Members.Name, record.KeyName, NameCharacters);
        Text(Members.Purpose, record.Purpose, TextCharacters);
        Text(Members.Destination, record.Destination, TextCharacters);
        _json.WriteBoolean(Members.Forwarded, record.IsForwarded);
        Peer(record.Peer);
        if (record.Peer.Claimed is ClaimedPeer claimed)
        {
            Claim(claimed);
        }

        if (record.Refusal is Refusal refusal)
        {
            _json.WriteString(Members.Refusal, NameOf(refusal));
            Text(Members.Reason, record.Reason, TextCharacters);
        }

        if (!record.PayloadSha256.IsEmpty)
        {
            Hex(Members.Payload, record.PayloadSha256.Span);
        }

        End();
    }

    /// <summary>Adds the first line of a file.</summary>
    public void AddBegin(DateTimeOffset time)
    {
        Begin(time, BeginAction);
        _json.WriteNumber(Members.Schema, Schema);
        End();
    }

    /// <summary>Ends an incomplete line and adds the record that says so.</summary>
    /// <param name="time">When it was found.</param>
    /// <param name="bytes">How long it is.</param>
    /// <param name="sha256">Its SHA-256.</param>
    public void AddTorn(DateTimeOffset time, int bytes, ReadOnlySpan<byte> sha256)
    {
        _buffer.Write("\n"u8);
        Begin(time, TornAction);
        _json.WriteNumber(Members.Bytes, bytes);
        Hex(Members.Sha256, sha256);
        End();
    }

    /// <summary>Adds the record that says how many are missing.</summary>
    public void AddLost(DateTimeOffset time, AuditLoss loss)
    {
        Begin(time, LostAction);
        _json.WriteNumber(Members.Count, loss.Count);
        Time(Members.From, loss.From);
        Time(Members.To, loss.To);
        End();
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private static string NameOf(Refusal refusal) => Enum.GetName(refusal) ?? refusal.ToString();

    private void Begin(DateTimeOffset time, string action)
    {
        _start = _buffer.WrittenCount;
        _json.WriteStartObject();
        _json.WriteNumber(Members.Sequence, ++_sequence);
        Time(Members.Time, time);
        Text(Members.Action, action, NameCharacters);
    }

    private void End()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _json.WriteString(Members.Previous, _hash);
        _json.Flush();
        SHA256.HashData(_buffer.WrittenSpan[_start..], hash);
        Convert.TryToHexStringLower(hash, _hash, out _);
        _json.WriteString(Members.Hash, _hash);
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _buffer.Write("\n"u8);
    }

    private void Peer(PeerInfo peer)
    {
        Text(Members.Channel, peer.Channel, NameCharacters);
        Text(Members.User, peer.User, NameCharacters);
        IReadOnlyList<PeerProcess> processes = peer.Processes;
        if (processes.Count == 0 && peer.ProcessId is null)
        {
            return;
        }

        _json.WriteStartArray(Members.Processes);
        for (int i = 0; i < Math.Min(processes.Count, MostProcesses); i++)
        {
            _json.WriteStartObject();
            _json.WriteNumber(Members.ProcessId, processes[i].ProcessId);
            Text(Members.Image, processes[i].ImagePath, TextCharacters);
            _json.WriteEndObject();
        }

        if (processes.Count == 0 && peer.ProcessId is int id)
        {
            _json.WriteStartObject();
            _json.WriteNumber(Members.ProcessId, id);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    private void Claim(ClaimedPeer claimed)
    {
        _json.WriteStartObject(Members.Claimed);
        Text(Members.Channel, claimed.Channel, NameCharacters);
        _json.WriteNumber(Members.UserId, claimed.UserId);
        _json.WriteStartArray(Members.Processes);
        foreach (ClaimedProcess process in claimed.Processes.Take(MostProcesses))
        {
            _json.WriteStartObject();
            _json.WriteNumber(Members.ProcessId, process.ProcessId);
            Text(Members.Image, process.Image, TextCharacters);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    private void Text(JsonEncodedText name, string? value, int mostCharacters)
    {
        if (value is null)
        {
            return;
        }

        if (value.Length <= mostCharacters)
        {
            _json.WriteString(name, value);
            return;
        }

        Span<char> cut = stackalloc char[mostCharacters + 1];
        int kept = char.IsHighSurrogate(value[mostCharacters - 1]) ? mostCharacters - 1 : mostCharacters;
        value.AsSpan(0, kept).CopyTo(cut);
        cut[kept] = '…';
        _json.WriteString(name, cut[..(kept + 1)]);
    }

    private void Hex(JsonEncodedText name, ReadOnlySpan<byte> bytes)
    {
        Span<char> digits = stackalloc char[AuditHead.HashDigits];
        // Core gives SHA-256 and nothing longer.
        Convert.TryToHexStringLower(bytes[..Math.Min(bytes.Length, SHA256.HashSizeInBytes)], digits, out int written);
        _json.WriteString(name, digits[..written]);
    }

    private void Time(JsonEncodedText name, DateTimeOffset time)
    {
        // Many records come in one millisecond when it matters.
        long milliseconds = time.UtcTicks / TimeSpan.TicksPerMillisecond;
        if (milliseconds != _timeMilliseconds)
        {
            _timeMilliseconds = milliseconds;
            time.UtcDateTime.TryFormat(
                _time, out _, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        }

        _json.WriteString(name, _time);
    }

    /// <summary>The names of members, encoded once.</summary>
    private static class Members
    {
        public static readonly JsonEncodedText Sequence = Encode("seq");
        public static readonly JsonEncodedText Time = Encode("time");
        public static readonly JsonEncodedText Action = Encode("action");
        public static readonly JsonEncodedText Verdict = Encode("verdict");
        public static readonly JsonEncodedText Allowed = Encode("allowed");
        public static readonly JsonEncodedText Refused = Encode("refused");
        public static readonly JsonEncodedText Key = Encode("key");
        public static readonly JsonEncodedText Name = Encode("name");
        public static readonly JsonEncodedText Purpose = Encode("purpose");
        public static readonly JsonEncodedText Destination = Encode("destination");
        public static readonly JsonEncodedText Forwarded = Encode("forwarded");
        public static readonly JsonEncodedText Channel = Encode("channel");
        public static readonly JsonEncodedText User = Encode("user");
        public static readonly JsonEncodedText Processes = Encode("processes");
        public static readonly JsonEncodedText ProcessId = Encode("pid");
        public static readonly JsonEncodedText Image = Encode("image");
        public static readonly JsonEncodedText Claimed = Encode("claimed");
        public static readonly JsonEncodedText UserId = Encode("uid");
        public static readonly JsonEncodedText Refusal = Encode("refusal");
        public static readonly JsonEncodedText Reason = Encode("reason");
        public static readonly JsonEncodedText Payload = Encode("payload");
        public static readonly JsonEncodedText Schema = Encode("schema");
        public static readonly JsonEncodedText Bytes = Encode("bytes");
        public static readonly JsonEncodedText Sha256 = Encode("sha256");
        public static readonly JsonEncodedText Count = Encode("count");
        public static readonly JsonEncodedText From = Encode("from");
        public static readonly JsonEncodedText To = Encode("to");
        public static readonly JsonEncodedText Previous = Encode("prev");
        public static readonly JsonEncodedText Hash = Encode("hash");

        private static JsonEncodedText Encode(string name) => JsonEncodedText.Encode(name, AsciiJsonEncoder.Instance);
    }
}
