namespace SecureAgent.Backends.Tpm;

/// <content>Objects: making, loading, using and re-wrapping keys.</content>
internal sealed partial class TpmCommands
{
    // TPM2_CreatePrimary (Part 3, 24.1)                  response
    //   TPMI_RH_HIERARCHY+     primaryHandle (handle, auth)  TPM_HANDLE      objectHandle
    //   TPM2B_SENSITIVE_CREATE inSensitive                   TPM2B_PUBLIC    outPublic
    //   TPM2B_PUBLIC           inPublic                      TPM2B_CREATION_DATA, TPM2B_DIGEST creationHash,
    //   TPM2B_DATA             outsideInfo                   TPMT_TK_CREATION, TPM2B_NAME name
    //   TPML_PCR_SELECTION     creationPCR

    /// <summary>Makes a hierarchy's storage key.</summary>
    public (uint Handle, TpmPublic Public) CreatePrimary(
        uint hierarchy, byte[] template, in TpmAuthorization authorization)
    {
        TpmWriter writer = Parameters();
        int sensitive = writer.BeginTpm2B();
        writer.WriteTpm2B([]);
        writer.WriteTpm2B([]);
        writer.EndTpm2B(sensitive);
        writer.WriteTpm2B(template);
        writer.WriteTpm2B([]);
        writer.WriteUInt32(0);
        TpmReader reader = new(Execute(
            TPM_CC.CreatePrimary, [TpmHandle.Permanent(hierarchy)], writer, authorization, answersHandle: true,
            out uint handle));
        return (handle, TpmPublic.Parse(reader.ReadTpm2B()));
    }

    // TPM2_Create (Part 3, 12.1)                         response
    //   TPMI_DH_OBJECT         parentHandle (handle, auth)   TPM2B_PRIVATE   outPrivate
    //   TPM2B_SENSITIVE_CREATE inSensitive  (encrypted)      TPM2B_PUBLIC    outPublic
    //   TPM2B_PUBLIC           inPublic                      TPM2B_CREATION_DATA, TPM2B_DIGEST creationHash,
    //   TPM2B_DATA             outsideInfo                   TPMT_TK_CREATION
    //   TPML_PCR_SELECTION     creationPCR
    // TPMS_SENSITIVE_CREATE (Part 2, 11.1.15): TPM2B_AUTH userAuth, TPM2B_SENSITIVE_DATA data

    /// <summary>Makes a key, or seals <paramref name="data"/>, under a storage key.</summary>
    public TpmKeyBlobs Create(
        in TpmHandle parent, TpmSession session, ReadOnlySpan<byte> parentAuth, ReadOnlySpan<byte> userAuth,
        ReadOnlySpan<byte> data, byte[] template)
    {
        TpmWriter writer = Parameters();
        int sensitive = writer.BeginTpm2B();
        writer.WriteTpm2B(userAuth);
        writer.WriteTpm2B(data);
        writer.EndTpm2B(sensitive);
        writer.WriteTpm2B(template);
        writer.WriteTpm2B([]);
        writer.WriteUInt32(0);
        TpmReader reader = new(Execute(
            TPM_CC.Create, [parent], writer, TpmAuthorization.With(session, parentAuth, TPMA_SESSION.decrypt)));
        byte[] privateArea = Sized(reader.ReadTpm2B());
        byte[] publicArea = Sized(reader.ReadTpm2B());
        return new TpmKeyBlobs(publicArea, privateArea);
    }

    // TPM2_Import (Part 3, 13.3)                         response
    //   TPMI_DH_OBJECT         parentHandle (handle, auth)   TPM2B_PRIVATE   outPrivate
    //   TPM2B_DATA             encryptionKey (empty)
    //   TPM2B_PUBLIC           objectPublic
    //   TPM2B_PRIVATE          duplicate
    //   TPM2B_ENCRYPTED_SECRET inSymSeed
    //   TPMT_SYM_DEF_OBJECT+   symmetricAlg (NULL: outer wrapper only)

    /// <summary>Takes in a key that was wrapped to a storage key outside the TPM.</summary>
    public TpmKeyBlobs Import(
        in TpmHandle parent, TpmSession session, ReadOnlySpan<byte> parentAuth, byte[] publicArea,
        ReadOnlySpan<byte> duplicate, ReadOnlySpan<byte> inSymSeed)
    {
        TpmWriter writer = Parameters();
        writer.WriteTpm2B([]);
        writer.WriteTpm2B(publicArea);
        writer.WriteTpm2B(duplicate);
        writer.WriteTpm2B(inSymSeed);
        writer.WriteAlg(TPM_ALG.NULL);
        TpmReader reader = new(Execute(TPM_CC.Import, [parent], writer, TpmAuthorization.With(session, parentAuth)));
        byte[] privateArea = Sized(reader.ReadTpm2B());
        reader.End();
        return new TpmKeyBlobs(Sized(publicArea), privateArea);
    }

    // TPM2_Load (Part 3, 12.2)                           response
    //   TPMI_DH_OBJECT         parentHandle (handle, auth)   TPM_HANDLE      objectHandle
    //   TPM2B_PRIVATE          inPrivate                     TPM2B_NAME      name
    //   TPM2B_PUBLIC           inPublic

    /// <summary>Loads a key.</summary>
    public uint Load(in TpmHandle parent, TpmSession session, ReadOnlySpan<byte> parentAuth, TpmKeyBlobs key)
    {
        TpmWriter writer = Parameters();
        writer.WriteBytes(key.PrivateArea.Span);
        writer.WriteBytes(key.PublicArea.Span);
        TpmReader reader = new(Execute(
            TPM_CC.Load, [parent], writer, TpmAuthorization.With(session, parentAuth), answersHandle: true,
            out uint handle));
        ReadOnlySpan<byte> name = reader.ReadTpm2B();
        reader.End();
        return name.SequenceEqual(key.Public.Name)
            ? handle
            : throw new TpmException("The TPM loaded a key and named it as another.");
    }

    // TPM2_Sign (Part 3, 20.2)                           response
    //   TPMI_DH_OBJECT         keyHandle (handle, auth)      TPMT_SIGNATURE  signature
    //   TPM2B_DIGEST           digest
    //   TPMT_SIG_SCHEME+       inScheme
    //   TPMT_TK_HASHCHECK      validation (null ticket)

    /// <summary>Signs a digest.</summary>
    /// <returns>r‖s or an RSA block, as <see cref="TpmConnection.Sign"/> returns it.</returns>
    public byte[] Sign(
        in TpmHandle key, TpmPublic keyPublic, TpmSignatureScheme scheme, ReadOnlySpan<byte> digest,
        in TpmAuthorization authorization)
    {
        TpmWriter writer = Parameters();
        writer.WriteTpm2B(digest);
        writer.WriteAlg(scheme.Scheme);
        writer.WriteAlg(scheme.Hash);
        writer.WriteUInt16(0x8024); // TPM_ST_HASHCHECK
        writer.WriteUInt32(TpmHandle.Null);
        writer.WriteTpm2B([]);
        TpmReader reader = new(Execute(TPM_CC.Sign, [key], writer, authorization));
        if (reader.ReadAlg() != scheme.Scheme || reader.ReadAlg() != scheme.Hash)
        {
            throw new TpmException("The TPM signed with another algorithm than it was told.");
        }

        int partBytes = (keyPublic.KeyBits + 7) / 8;
        byte[] signature = new byte[scheme.Scheme == TPM_ALG.ECDSA ? 2 * partBytes : partBytes];
        for (Span<byte> rest = signature; rest.Length > 0; rest = rest[partBytes..])
        {
            ReadOnlySpan<byte> part = reader.ReadTpm2B();
            if (part.Length > partBytes)
            {
                throw new TpmException("The TPM answered a signature that is larger than the key.");
            }

            part.CopyTo(rest[(partBytes - part.Length)..]);
        }

        reader.End();
        return signature;
    }

    // TPM2_RSA_Decrypt (Part 3, 14.3)                    response
    //   TPMI_DH_OBJECT         keyHandle (handle, auth)      TPM2B_PUBLIC_KEY_RSA message
    //   TPM2B_PUBLIC_KEY_RSA   cipherText
    //   TPMT_RSA_DECRYPT+      inScheme
    //   TPM2B_DATA             label

    /// <summary>The bare private-key operation of an RSA key that may decrypt and has no scheme.</summary>
    /// <returns>As long as the modulus.</returns>
    /// <exception cref="TpmException">The key may only sign.</exception>
    public byte[] RSA_Decrypt(
        in TpmHandle key, TpmPublic keyPublic, ReadOnlySpan<byte> block, in TpmAuthorization authorization)
    {
        if (!keyPublic.Attributes.HasFlag(TPMA_OBJECT.decrypt))
        {
            throw new TpmException(
                "This TPM lacks the hash that the client wants, and the RSA key was made for TPM signatures only. "
                + "Let the client use rsa-sha2-256 (ssh -o PubkeyAcceptedAlgorithms=rsa-sha2-256), or make a new key.");
        }

        TpmWriter writer = Parameters();
        writer.WriteTpm2B(block);
        writer.WriteAlg(TPM_ALG.NULL);
        writer.WriteTpm2B([]);
        TpmReader reader = new(Execute(TPM_CC.RSA_Decrypt, [key], writer, authorization));
        ReadOnlySpan<byte> result = reader.ReadTpm2B();
        reader.End();
        byte[] message = new byte[keyPublic.KeyBits / 8];
        if (result.Length > message.Length)
        {
            throw new TpmException("The TPM answered a number that is larger than the key.");
        }

        result.CopyTo(message.AsSpan(message.Length - result.Length));
        return message;
    }

    // TPM2_Unseal (Part 3, 12.7): TPMI_DH_OBJECT itemHandle (handle, auth) → TPM2B_SENSITIVE_DATA outData (encrypted)

    /// <summary>Unseals data, which the caller copies out of the response before the next command and then
    /// clears.</summary>
    public ReadOnlySpan<byte> Unseal(scoped in TpmHandle item, scoped in TpmAuthorization authorization)
    {
        TpmReader reader = new(Execute(TPM_CC.Unseal, [item], Parameters(), authorization));
        ReadOnlySpan<byte> data = reader.ReadTpm2B();
        reader.End();
        return data;
    }

    // TPM2_ObjectChangeAuth (Part 3, 12.8)               response
    //   TPMI_DH_OBJECT         objectHandle (handle, auth ADMIN)  TPM2B_PRIVATE outPrivate
    //   TPMI_DH_OBJECT         parentHandle (handle)
    //   TPM2B_AUTH             newAuth      (encrypted)

    /// <summary>Wraps a loaded key with another authValue.</summary>
    public TpmKeyBlobs ObjectChangeAuth(
        in TpmHandle key, in TpmHandle parent, TpmKeyBlobs blobs, ReadOnlySpan<byte> newAuth,
        in TpmAuthorization authorization)
    {
        TpmWriter writer = Parameters();
        writer.WriteTpm2B(newAuth);
        TpmReader reader = new(Execute(TPM_CC.ObjectChangeAuth, [key, parent], writer, authorization));
        byte[] privateArea = Sized(reader.ReadTpm2B());
        reader.End();
        return new TpmKeyBlobs(blobs.PublicArea, privateArea);
    }

    // TPM2_ReadPublic (Part 3, 12.4): TPMI_DH_OBJECT objectHandle (handle) → TPM2B_PUBLIC outPublic, TPM2B_NAME name,
    // TPM2B_NAME qualifiedName

    /// <summary>Reads the public area of a persistent or loaded key.</summary>
    public TpmPublic ReadPublic(uint handle)
    {
        TpmReader reader = new(Execute(
            TPM_CC.ReadPublic, [TpmHandle.Permanent(handle)], Parameters(), TpmAuthorization.None));
        return TpmPublic.Parse(reader.ReadTpm2B());
    }

    private static byte[] Sized(ReadOnlySpan<byte> content)
    {
        byte[] sized = new byte[2 + content.Length];
        new TpmWriter(sized).WriteTpm2B(content);
        return sized;
    }
}
