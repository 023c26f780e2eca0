namespace SecureAgent.Cli.Output;

/// <summary>One of the ways for clients to arrive in <see cref="StatusOutput"/>.</summary>
/// <param name="Name">Its name, as in the setting <c>channels</c>.</param>
/// <param name="Endpoint">Where clients look for it.</param>
/// <param name="Problem">Why they do not find the agent there; null if they do.</param>
internal sealed record ChannelOutput(string Name, string Endpoint, string? Problem);
