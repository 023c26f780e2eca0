using System.Security.Cryptography;
using SecureAgent.Wire;

namespace SecureAgent.Backends.Piv;

/// <summary>Reads what there is on a card, once for each time that it is put in. A card with metadata answers for each
/// empty slot with one short APDU; another one is asked for the certificates, and where it is Yubico's for
/// attestations.</summary>
internal sealed class PivTokenReader
{
    private const int CardHolderUniqueIdentifier = 0x5FC102;
    private const int Guid = 0x34;
    private const string AttestedPolicies = "1.3.6.1.4.1.41482.3.8";

    private readonly PivCommands _commands;
    private readonly string _id;
    private readonly bool _canAttest;
    private bool _hasMetadata = true;

    private PivTokenReader(PivCommands commands, string id, bool canAttest) =>
        (_commands, _id, _canAttest) = (commands, id, canAttest);

    /// <summary>Reads a card whose PIV application is selected.</summary>
    /// <exception cref="SmartCardException">The card or the service has gone.</exception>
    /// <exception cref="PivException">The card answers nonsense where it should say who it is.</exception>
    public static PivToken Read(PivCommands commands, string reader, ReadOnlySpan<byte> atr)
    {
        string id = ReadId(commands, atr, out uint? serial);
        Version? firmware = commands.ReadVersion();
        PivTokenReader tokenReader = new(commands, id, firmware >= new Version(4, 3, 0));
        PivKey[] keys = [.. PivSlot.All.Select(tokenReader.ReadSlot).OfType<PivKey>()];
        return new PivToken
        {
            Reader = reader,
            Id = id,
            Serial = serial,
            Firmware = firmware,
            HasMetadata = tokenReader._hasMetadata,
            Keys = keys,
        };
    }

    /// <summary>What tells this card from all others (<see cref="PivToken.Id"/>). One APDU for a card with a serial
    /// number.</summary>
    public static string ReadId(PivCommands commands, ReadOnlySpan<byte> atr, out uint? serial)
    {
        serial = commands.ReadSerial();
        if (serial is uint number and not 0)
        {
            return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        serial = null; // Cards that are like a YubiKey and have no number answer 0, all of them.

        return commands.ReadObject(CardHolderUniqueIdentifier) is byte[] content
            && TlvReader.TryFind(content, Guid, out ReadOnlySpan<byte> guid) && guid.ContainsAnyExcept((byte)0)
            ? Convert.ToHexStringLower(guid)
            : Convert.ToHexStringLower(SHA256.HashData(atr)[..8]);
    }

    private PivKey? ReadSlot(PivSlot slot)
    {
        PivKey key = new()
        {
            Slot = slot,
            Reference = $"piv:{_id}:{slot}",
            PinPolicy = slot.DefaultPinPolicy,
        };
        try
        {
            PivSlotMetadata? metadata = ReadMetadata(slot);
            if (metadata is null && _hasMetadata)
            {
                return null;
            }

            if (metadata is not null)
            {
                key = key with
                {
                    Algorithm = metadata.Algorithm,
                    PinPolicy = metadata.PinPolicy == PivPinPolicy.Default
                        ? slot.DefaultPinPolicy
                        : metadata.PinPolicy,
                    TouchPolicy = metadata.TouchPolicy,
                    Origin = metadata.Origin,
                };
                key = WithPublicKey(
                    key, PivPublicKey.FromDataObjects(metadata.Algorithm, metadata.PublicKey), "metadata");
            }

            key = WithCertificate(key);
            if (_canAttest && (metadata is null || (key.PublicKey is null && key.Origin == PivKeyOrigin.Generated)))
            {
                key = WithAttestation(key);
            }

            bool isEmpty = metadata is null && key.PublicKey is null && key.Certificate.IsEmpty && key.Problem is null;
            return isEmpty ? null : key;
        }
        catch (PivException exception)
        {
            return key with { Problem = $"Slot {slot}: {exception.Message}" };
        }
    }

    private PivSlotMetadata? ReadMetadata(PivSlot slot)
    {
        if (!_hasMetadata)
        {
            return null;
        }

        PivSlotMetadata? metadata = _commands.ReadMetadata(slot.Id, out StatusWord status);
        // A card that has the command says that there is no key in one of these ways.
        _hasMetadata = status.IsSuccess || status == StatusWord.ReferenceNotFound || status == StatusWord.NotFound;
        return metadata;
    }

    private PivKey WithCertificate(PivKey key)
    {
        PivCertificate? certificate;
        try
        {
            certificate = _commands.ReadObject(key.Slot.CertificateObject) is byte[] content
                ? PivCertificate.FromObject(content)
                : null;
        }
        catch (PivException exception)
        {
            // Cards refuse in many ways to give what they do not have.
            return exception.Status is null ? key with { Problem = $"Slot {key.Slot}: {exception.Message}" } : key;
        }

        if (certificate is null)
        {
            return key;
        }

        key = key with { Certificate = certificate.Der };
        if (key.PublicKey is not null && !key.PublicKey.Equals(certificate.PublicKey))
        {
            return key with { Problem = $"The certificate in slot {key.Slot} is that of another key." };
        }

        key = key with { CommonName = certificate.CommonName };
        return key.PublicKey is null && key.Algorithm != PivAlgorithm.X25519
            ? WithPublicKey(key, certificate.PublicKey, "certificate")
            : key;
    }

    private PivKey WithAttestation(PivKey key)
    {
        if (_commands.Attest(key.Slot) is not byte[] der)
        {
            return key;
        }

        PivCertificate attestation = PivCertificate.Parse(der);
        if (attestation.Extensions.TryGetValue(AttestedPolicies, out ReadOnlyMemory<byte> policies)
            && policies.Span is [byte pin, byte touch])
        {
            key = key with
            {
                PinPolicy = (PivPinPolicy)pin,
                TouchPolicy = (PivTouchPolicy)touch,
                Origin = PivKeyOrigin.Generated,
            };
        }

        return key.PublicKey is null ? WithPublicKey(key, attestation.PublicKey, "attestation") : key;
    }

    private static PivKey WithPublicKey(PivKey key, PublicKey? publicKey, string source) => publicKey is null
        ? key
        : key with
        {
            PublicKey = publicKey,
            PublicKeySource = source,
            Algorithm = PivPublicKey.AlgorithmOf(publicKey),
        };
}
