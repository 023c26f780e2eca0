namespace SecureAgent.Backends.Piv;

/// <summary>Evidence that a key was made on a card: what <c>attest</c> writes.</summary>
/// <param name="Certificate">Of the key in the slot, signed by the card's attestation key; X.509 in DER.</param>
/// <param name="Issuer">Of the attestation key (slot f9), signed by the card's maker; X.509 in DER.</param>
public sealed record PivAttestation(ReadOnlyMemory<byte> Certificate, ReadOnlyMemory<byte> Issuer);
