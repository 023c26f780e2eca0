using System.Text.Json.Serialization;

namespace SecureAgent.Cli.Output;

/// <summary>The serialisers of every <c>--json</c> output, made at compile time because the program is
/// trimmed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AttestationOutput))]
[JsonSerializable(typeof(AuditVerifyOutput))]
[JsonSerializable(typeof(ConfigurationOutput))]
[JsonSerializable(typeof(KeyListOutput))]
[JsonSerializable(typeof(KeyOutput))]
[JsonSerializable(typeof(StatusOutput))]
[JsonSerializable(typeof(TokenListOutput))]
[JsonSerializable(typeof(TokenOutput))]
internal sealed partial class CliJson : JsonSerializerContext;
