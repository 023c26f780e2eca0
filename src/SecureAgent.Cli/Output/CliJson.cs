using System.Text.Json.Serialization;

namespace SecureAgent.Cli.Output;

/// <summary>The serialisers of every <c>--json</c> output, made at compile time because the program is
/// trimmed. The same bytes on every system.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(AttestationOutput))]
[JsonSerializable(typeof(AuditVerifyOutput))]
[JsonSerializable(typeof(ConfigurationOutput))]
[JsonSerializable(typeof(KeyListOutput))]
[JsonSerializable(typeof(KeyOutput))]
[JsonSerializable(typeof(StatusOutput))]
[JsonSerializable(typeof(TokenListOutput))]
[JsonSerializable(typeof(TokenOutput))]
internal sealed partial class CliJson : JsonSerializerContext;
