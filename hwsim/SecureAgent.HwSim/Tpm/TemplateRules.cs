namespace SecureAgent.HwSim.Tpm;

/// <summary>Which public areas make sense (Part 1, 25 to 27; Part 2, 8.3). Failures carry no parameter number.</summary>
internal static class TemplateRules
{
    /// <summary>Checks a template for a new object.</summary>
    /// <param name="parent">The parent; <see langword="null"/> for a primary object.</param>
    /// <param name="template">The template.</param>
    /// <param name="dataLength">Octets of sensitive data that the caller gives.</param>
    public static void CheckCreation(TpmObject? parent, TpmPublic template, int dataLength)
    {
        // Data for a primary object that makes its own is one more input to its derivation.
        bool origin = template.Has(TPMA_OBJECT.sensitiveDataOrigin);
        bool isData = template.Type == TPM_ALG_KEYEDHASH
            && (template.Attributes & (TPMA_OBJECT.sign | TPMA_OBJECT.decrypt)) == TPMA_OBJECT.None;
        bool sound = origin
            ? !isData && (dataLength == 0 || parent is null)
            : !template.IsAsymmetric && dataLength != 0 && !template.Has(TPMA_OBJECT.restricted);
        if (!sound)
        {
            throw TPM_RC_ATTRIBUTES.Error();
        }

        Check(parent, template);
    }

    /// <summary>Checks the public area of an object with a sensitive area.</summary>
    public static void Check(TpmObject? parent, TpmPublic template)
    {
        int policy = template.AuthPolicy.Length;
        if (policy != 0 && policy != Hash.Size(template.NameAlg))
        {
            throw TPM_RC_SIZE.Error();
        }

        if (!HasSoundAttributes(parent, template))
        {
            throw TPM_RC_ATTRIBUTES.Error();
        }

        CheckSchemes(parent, template);
    }

    /// <summary>Checks algorithms against attributes: all there is to check for a public area alone.</summary>
    public static void CheckSchemes(TpmObject? parent, TpmPublic template)
    {
        switch (template.Type)
        {
            case TPM_ALG_SYMCIPHER:
                break;
            case TPM_ALG_KEYEDHASH:
                CheckKeyedHash(template);
                break;
            default:
                CheckAsymmetric(template);
                break;
        }

        if (parent is not null && template.IsParent && template.Has(TPMA_OBJECT.fixedParent))
        {
            CheckSameAsParent(parent.Public, template);
        }
    }

    private static bool HasSoundAttributes(TpmObject? parent, TpmPublic template)
    {
        // A primary object's parent counts as fixed to the TPM, and as nothing else.
        TPMA_OBJECT parentAttributes = parent?.Public.Attributes ?? TPMA_OBJECT.fixedTPM;
        bool parentFixed = (parentAttributes & TPMA_OBJECT.fixedTPM) != 0;
        bool fixedTpm = template.Has(TPMA_OBJECT.fixedTPM);
        bool fixedParent = template.Has(TPMA_OBJECT.fixedParent);
        bool encryptedDuplication = template.Has(TPMA_OBJECT.encryptedDuplication);
        if (parentFixed ? fixedTpm != fixedParent : fixedTpm)
        {
            return false;
        }

        if ((parentAttributes & TPMA_OBJECT.stClear) != 0 && !template.Has(TPMA_OBJECT.stClear))
        {
            return false;
        }

        if (fixedTpm && encryptedDuplication)
        {
            return false;
        }

        if (!parentFixed && !fixedTpm && fixedParent
            && encryptedDuplication != ((parentAttributes & TPMA_OBJECT.encryptedDuplication) != 0))
        {
            return false;
        }

        bool sign = template.Has(TPMA_OBJECT.sign);
        bool decrypt = template.Has(TPMA_OBJECT.decrypt);
        return sign != decrypt || (!template.Has(TPMA_OBJECT.restricted) && (sign || template.Type == TPM_ALG_KEYEDHASH));
    }

    private static void CheckKeyedHash(TpmPublic template)
    {
        bool sign = template.Has(TPMA_OBJECT.sign);
        bool decrypt = template.Has(TPMA_OBJECT.decrypt);
        TPM_ALG_ID scheme = template.Scheme.Algorithm;
        bool sound = sign == decrypt
            ? scheme == TPM_ALG_NULL
            : sign
                ? scheme == TPM_ALG_HMAC
                : scheme == TPM_ALG_XOR;
        if (!sound)
        {
            throw TPM_RC_SCHEME.Error();
        }
    }

    private static void CheckAsymmetric(TpmPublic template)
    {
        // Whatever mode a parent's template names, its children are protected in CFB.
        if (template.IsParent == (template.Symmetric.Algorithm == TPM_ALG_NULL))
        {
            throw TPM_RC_SYMMETRIC.Error();
        }

        if (!HasSoundScheme(template))
        {
            throw TPM_RC_SCHEME.Error();
        }

        if (template.KdfScheme.Algorithm != TPM_ALG_NULL)
        {
            throw TPM_RC_KDF.Error();
        }
    }

    private static bool HasSoundScheme(TpmPublic template)
    {
        TPM_ALG_ID scheme = template.Scheme.Algorithm;
        bool sign = template.Has(TPMA_OBJECT.sign);
        bool decrypt = template.Has(TPMA_OBJECT.decrypt);
        if (scheme == TPM_ALG_NULL)
        {
            // A restricted signing key must say what it signs with.
            return !(template.Has(TPMA_OBJECT.restricted) && sign);
        }

        if (sign == decrypt || template.IsParent)
        {
            return false;
        }

        return sign
            ? scheme is TPM_ALG_RSASSA or TPM_ALG_RSAPSS or TPM_ALG_ECDSA
            : scheme is TPM_ALG_RSAES or TPM_ALG_OAEP or TPM_ALG_ECDH;
    }

    private static void CheckSameAsParent(TpmPublic parent, TpmPublic template)
    {
        if (template.NameAlg != parent.NameAlg)
        {
            throw TPM_RC_HASH.Error();
        }

        if (template.Symmetric != parent.Symmetric)
        {
            throw TPM_RC_SYMMETRIC.Error();
        }
    }
}
