namespace SecureAgent.HwSim.Tpm;

/// <summary>Makes the keys and data of new objects (Part 1, 27.6).</summary>
internal static class ObjectFactory
{
    private const uint SmallestLoadedExponent = 7;

    /// <summary>A public and a sensitive area from a template that <see cref="TemplateRules"/> accepts.</summary>
    /// <param name="template">The template.</param>
    /// <param name="authValue">The authValue.</param>
    /// <param name="data">The caller's sensitive data, for what is not generated.</param>
    /// <param name="source">Where generated octets come from.</param>
    /// <exception cref="TpmError">Without a parameter number.</exception>
    public static (TpmPublic Public, TpmSensitive Sensitive) Create(
        TpmPublic template, byte[] authValue, byte[] data, KeySource source)
    {
        switch (template.Type)
        {
            case TPM_ALG_RSA:
                if (!RsaKeys.IsExponent(template.Exponent))
                {
                    throw TPM_RC_RANGE.Error();
                }

                (byte[] prime, byte[] modulus) = RsaKeys.Generate(template.KeyBits, template.Exponent, source);
                return (template with { Unique = modulus }, Asymmetric(template, authValue, prime, source));
            case TPM_ALG_ECC:
                (byte[] value, EccPoint point) = EccKeys.Generate(template.Curve, source);
                return (template with { Unique = point.X, UniqueY = point.Y }, Asymmetric(template, authValue, value, source));
            default:
                byte[] key = template.Has(TPMA_OBJECT.sensitiveDataOrigin)
                    ? source.Next(GeneratedSize(template))
                    : Given(template, data);
                byte[] seed = source.Next(Hash.Size(template.NameAlg));
                TpmSensitive sensitive = new(template.Type, authValue, seed, key);
                return (template with { Unique = DigestOf(template.NameAlg, sensitive) }, sensitive);
        }
    }

    /// <summary>The unique field of a symmetric object.</summary>
    public static byte[] DigestOf(TPM_ALG_ID nameAlg, TpmSensitive sensitive) =>
        Hash.Digest(nameAlg, sensitive.SeedValue, sensitive.Value);

    /// <summary>Checks that key sizes are right and that both areas belong together.</summary>
    /// <exception cref="TpmError">Numbered by <paramref name="publicNumber"/> or <paramref name="sensitiveNumber"/>.</exception>
    public static void CheckBinding(TpmPublic publicArea, TpmSensitive? sensitive, int publicNumber, int sensitiveNumber)
    {
        if (sensitive is not null && sensitive.Type != publicArea.Type)
        {
            throw TPM_RC_TYPE.Parameter(sensitiveNumber);
        }

        // A storage key protects its children with its seed: a short one would be a weak key.
        int size = Hash.Size(publicArea.NameAlg);
        if (sensitive is not null && publicArea is { IsAsymmetric: true, IsParent: true }
            && (sensitive.SeedValue.Length < size / 2 || sensitive.SeedValue.Length > size))
        {
            throw TPM_RC_SIZE.Parameter(sensitiveNumber);
        }

        switch (publicArea.Type)
        {
            case TPM_ALG_RSA:
                CheckRsa(publicArea, sensitive, publicNumber, sensitiveNumber);
                break;
            case TPM_ALG_ECC:
                CheckEcc(publicArea, sensitive, publicNumber, sensitiveNumber);
                break;
            default:
                CheckSymmetric(publicArea, sensitive, publicNumber, sensitiveNumber);
                break;
        }
    }

    private static TpmSensitive Asymmetric(TpmPublic template, byte[] authValue, byte[] value, KeySource source)
    {
        byte[] seed = template.IsParent ? source.Next(Hash.Size(template.NameAlg)) : [];
        return new TpmSensitive(template.Type, authValue, seed, value);
    }

    private static byte[] Given(TpmPublic template, byte[] data)
    {
        if (template.Type == TPM_ALG_SYMCIPHER && data.Length != template.Symmetric.KeyBits / 8)
        {
            throw TPM_RC_KEY_SIZE.Error();
        }

        if (template.Scheme.Hash != TPM_ALG_NULL && data.Length > Hash.BlockSize(template.Scheme.Hash))
        {
            throw TPM_RC_SIZE.Error();
        }

        return data;
    }

    private static int GeneratedSize(TpmPublic template) => template.Type == TPM_ALG_SYMCIPHER
        ? template.Symmetric.KeyBits / 8
        : Hash.Size(template.Scheme.Hash == TPM_ALG_NULL ? template.NameAlg : template.Scheme.Hash);

    private static void CheckRsa(TpmPublic publicArea, TpmSensitive? sensitive, int publicNumber, int sensitiveNumber)
    {
        if (publicArea.Unique.Length != publicArea.KeyBits / 8 || publicArea.Unique[0] < 0x80)
        {
            throw TPM_RC_KEY.Parameter(publicNumber);
        }

        if (publicArea.Exponent is > 0 and < SmallestLoadedExponent)
        {
            throw TPM_RC_VALUE.Parameter(publicNumber);
        }

        if (sensitive is null)
        {
            return;
        }

        if (sensitive.Value.Length != publicArea.Unique.Length / 2 || (sensitive.Value[0] & 0x80) == 0)
        {
            throw TPM_RC_KEY_SIZE.Parameter(sensitiveNumber);
        }

        if (!RsaKeys.Matches(publicArea, sensitive.Value))
        {
            throw TPM_RC_BINDING.Parameter(sensitiveNumber);
        }
    }

    private static void CheckEcc(TpmPublic publicArea, TpmSensitive? sensitive, int publicNumber, int sensitiveNumber)
    {
        int size = EccCurves.Size(publicArea.Curve);
        if (publicArea.Unique.Length != size || publicArea.UniqueY.Length != size)
        {
            throw TPM_RC_KEY.Parameter(publicNumber);
        }

        if (sensitive is null)
        {
            bool onCurve = EccCurve.Of(publicArea.Curve).IsOnCurve(new EccPoint(publicArea.Unique, publicArea.UniqueY));
            if (!onCurve)
            {
                throw TPM_RC_ECC_POINT.Parameter(publicNumber);
            }

            return;
        }

        if (sensitive.Value.Length > size)
        {
            throw TPM_RC_KEY_SIZE.Parameter(sensitiveNumber);
        }

        EccPoint point = EccKeys.PublicOf(publicArea.Curve, sensitive.Value) ?? throw TPM_RC_KEY_SIZE.Error();
        if (!point.X.AsSpan().SequenceEqual(publicArea.Unique) || !point.Y.AsSpan().SequenceEqual(publicArea.UniqueY))
        {
            throw TPM_RC_BINDING.Error();
        }
    }

    private static void CheckSymmetric(TpmPublic publicArea, TpmSensitive? sensitive, int publicNumber, int sensitiveNumber)
    {
        int size = Hash.Size(publicArea.NameAlg);
        bool hasName = publicArea.NameAlg != TPM_ALG_NULL;
        if (sensitive is not null)
        {
            bool keyFits = publicArea.Type != TPM_ALG_SYMCIPHER
                || sensitive.Value.Length == publicArea.Symmetric.KeyBits / 8;
            if (!keyFits || (hasName && sensitive.SeedValue.Length != size))
            {
                throw TPM_RC_KEY_SIZE.Parameter(sensitiveNumber);
            }
        }

        if (hasName && publicArea.Unique.Length != size)
        {
            throw TPM_RC_KEY.Parameter(publicNumber);
        }

        if (sensitive is not null && hasName
            && !DigestOf(publicArea.NameAlg, sensitive).AsSpan().SequenceEqual(publicArea.Unique))
        {
            throw TPM_RC_BINDING.Error();
        }
    }
}
