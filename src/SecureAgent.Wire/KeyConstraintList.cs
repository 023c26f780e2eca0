namespace SecureAgent.Wire;

/// <summary>Reads the constraints at the end of a request that adds keys.</summary>
internal static class KeyConstraintList
{
    /// <summary>Reads all that is left in <paramref name="reader"/>.</summary>
    /// <param name="reader">Stands at the first constraint.</param>
    /// <param name="token">Whether a token is added: sk-provider is then refused, as associated-certs is
    /// otherwise.</param>
    /// <exception cref="WireFormatException">A constraint does not parse, is not allowed here, or comes
    /// twice.</exception>
    public static IReadOnlyList<KeyConstraint> Read(ref WireReader reader, bool token)
    {
        if (reader.Remaining == 0)
        {
            return [];
        }

        List<KeyConstraint> constraints = [];
        while (reader.Remaining > 0)
        {
            KeyConstraint constraint = ReadOne(ref reader, token);
            foreach (KeyConstraint earlier in constraints)
            {
                if (earlier.GetType() == constraint.GetType())
                {
                    throw new WireFormatException("constraint: given twice");
                }
            }

            constraints.Add(constraint);
        }

        return constraints;
    }

    private static KeyConstraint ReadOne(ref WireReader reader, bool token)
    {
        byte type = reader.ReadByte("constraint type");
        switch (type)
        {
            case KeyConstraint.SSH_AGENT_CONSTRAIN_LIFETIME:
                return new KeyConstraint.Lifetime(reader.ReadUInt32("constraint lifetime"));
            case KeyConstraint.SSH_AGENT_CONSTRAIN_CONFIRM:
                return KeyConstraint.Confirm.Instance;
            case KeyConstraint.SSH_AGENT_CONSTRAIN_MAXSIGN:
                return new KeyConstraint.MaxSignatures(reader.ReadUInt32("constraint maxsign"));
            case KeyConstraint.SSH_AGENT_CONSTRAIN_EXTENSION:
                string name = reader.ReadUtf8("constraint extension name", WireLimits.MaxNameBytes);
                return name switch
                {
                    KeyConstraint.SkProvider.Name when !token =>
                        new KeyConstraint.SkProvider(reader.ReadUtf8("sk-provider", WireLimits.MaxMessageBytes)),
                    KeyConstraint.RestrictDestination.Name => ReadRestrictDestination(ref reader),
                    KeyConstraint.AssociatedCertificates.Name when token => ReadAssociatedCertificates(ref reader),
                    KeyConstraint.SkProvider.Name or KeyConstraint.AssociatedCertificates.Name =>
                        throw new WireFormatException($"constraint {name}: not allowed in this request"),
                    _ => new KeyConstraint.UnknownConstraint(type, name, reader.ReadRestMemory()),
                };
            default:
                return new KeyConstraint.UnknownConstraint(type, null, reader.ReadRestMemory());
        }
    }

    private static KeyConstraint.RestrictDestination ReadRestrictDestination(ref WireReader reader)
    {
        WireReader list = new(reader.ReadStringMemory("restrict-destination"));
        List<DestinationConstraint> destinations = [];
        while (list.Remaining > 0)
        {
            if (destinations.Count == WireLimits.MaxDestinationConstraints)
            {
                throw new WireFormatException(
                    $"restrict-destination: more than {WireLimits.MaxDestinationConstraints} destinations");
            }

            destinations.Add(DestinationConstraint.Read(ref list));
        }

        // OpenSSH takes an empty list for no restriction. Whoever restricts a key does not mean that.
        return destinations.Count > 0
            ? new KeyConstraint.RestrictDestination(destinations)
            : throw new WireFormatException("restrict-destination: names no destination");
    }

    private static KeyConstraint.AssociatedCertificates ReadAssociatedCertificates(ref WireReader reader)
    {
        bool certificatesOnly = reader.ReadBoolean("associated-certs only");
        WireReader list = new(reader.ReadStringMemory("associated-certs"));
        List<KeyBlob> certificates = [];
        while (list.Remaining > 0)
        {
            if (certificates.Count == WireLimits.MaxAssociatedCertificates)
            {
                throw new WireFormatException(
                    $"associated-certs: more than {WireLimits.MaxAssociatedCertificates} certificates");
            }

            KeyBlob certificate = new(list.ReadStringMemory("associated certificate"));
            _ = PublicKey.DecodeKeyOrCertificate(certificate);
            certificates.Add(certificate);
        }

        return new KeyConstraint.AssociatedCertificates(certificatesOnly, certificates);
    }
}
