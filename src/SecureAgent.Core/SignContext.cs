namespace SecureAgent.Core;

/// <summary>For whom a signature is made, so that a prompt can say it.</summary>
/// <param name="Peer">The connection that asked.</param>
/// <param name="KeyName">Comment of the identity, as the user knows it.</param>
/// <param name="Purpose">What is being signed, in words, such as <c>login as git to host key SHA256:…</c>.</param>
public sealed record SignContext(PeerInfo Peer, string KeyName, string Purpose);
