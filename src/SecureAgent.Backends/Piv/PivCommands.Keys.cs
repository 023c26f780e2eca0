using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.Piv;

internal sealed partial class PivCommands
{
    private const int DynamicAuthentication = 0x7C;
    private const int Witness = 0x80;
    private const int Challenge = 0x81;
    private const int Response = 0x82;

    /// <summary>Computes with the private key in <paramref name="slot"/> (GENERAL AUTHENTICATE).</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="algorithm">Its algorithm.</param>
    /// <param name="input">A digest, a padded block as long as the modulus, or for Ed25519 the message.</param>
    /// <param name="signature">What the card answers: r and s in DER, a block, or 64 bytes.</param>
    /// <returns>How the card ended its response; there is a signature if it is a success.</returns>
    public StatusWord Sign(PivSlot slot, PivAlgorithm algorithm, ReadOnlySpan<byte> input, out byte[] signature)
    {
        int content = 2 + TlvWriter.SizeOf(Challenge, input.Length);
        byte[] request = new byte[TlvWriter.SizeOf(DynamicAuthentication, content)];
        TlvWriter writer = new(request);
        writer.WriteHeader(DynamicAuthentication, content);
        writer.Write(Response, []);
        writer.Write(Challenge, input);
        StatusWord status = _transport.Send(
            PivInstruction.GENERAL_AUTHENTICATE, (byte)algorithm, slot.Id, writer.Written);
        signature = status.IsSuccess ? ReadAuthentication(Response).ToArray() : [];
        return status;
    }

    /// <summary>Proves to know the management key, and that the card does (mutual authentication).</summary>
    /// <param name="algorithm"><see cref="PivAlgorithm.TDES"/> or an AES.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="PivException">The key is wrong (<see cref="BackendFailure.PinRequired"/>).</exception>
    public void AuthenticateManagement(PivAlgorithm algorithm, ReadOnlySpan<byte> key)
    {
        using SymmetricAlgorithm cipher = Cipher(algorithm, key);
        int block = cipher.BlockSize / 8;
        StatusWord status = _transport.Send(
            PivInstruction.GENERAL_AUTHENTICATE, (byte)algorithm, ManagementKey,
            [DynamicAuthentication, 2, Witness, 0]);
        RequireSuccess(status, "authenticate the management key");
        ReadOnlySpan<byte> encrypted = ReadAuthentication(Witness);
        if (encrypted.Length != block)
        {
            throw new PivException("The card's witness has another size than the management key's block.");
        }

        byte[] witness = cipher.DecryptEcb(encrypted, PaddingMode.None);
        byte[] challenge = RandomNumberGenerator.GetBytes(block);
        byte[] expected = cipher.EncryptEcb(challenge, PaddingMode.None);
        int content = (2 * TlvWriter.SizeOf(Witness, block)) + 2;
        Span<byte> request = stackalloc byte[TlvWriter.SizeOf(DynamicAuthentication, content)];
        TlvWriter writer = new(request);
        writer.WriteHeader(DynamicAuthentication, content);
        writer.Write(Witness, witness);
        writer.Write(Challenge, challenge);
        writer.Write(Response, []);
        status = _transport.Send(
            PivInstruction.GENERAL_AUTHENTICATE, (byte)algorithm, ManagementKey, writer.Written);
        CryptographicOperations.ZeroMemory(witness);
        CryptographicOperations.ZeroMemory(request);
        if (!status.IsSuccess
            || !CryptographicOperations.FixedTimeEquals(ReadAuthentication(Response), expected))
        {
            throw new PivException(BackendFailure.PinRequired, "The management key is wrong.", status);
        }
    }

    /// <summary>Makes a key in <paramref name="slot"/>, in place of one that is there. Needs the management
    /// key.</summary>
    /// <returns>The public key's data objects.</returns>
    public byte[] Generate(PivSlot slot, PivAlgorithm algorithm, PivPinPolicy pinPolicy, PivTouchPolicy touchPolicy)
    {
        Span<byte> request = stackalloc byte[11];
        Span<byte> content = request[2..];
        TlvWriter writer = new(content);
        writer.Write(0x80, (byte)algorithm);
        WritePolicies(ref writer, pinPolicy, touchPolicy);
        int length = writer.Written.Length;
        (request[0], request[1]) = (0xAC, (byte)length);
        StatusWord status = _transport.Send(
            PivInstruction.GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot.Id, request[..(2 + length)]);
        RequireSuccess(status, $"make a key in slot {slot}");
        return new TlvReader(_transport.Response).Read(0x7F49).ToArray();
    }

    /// <summary>Writes a private key to <paramref name="slot"/>, in place of one that is there. Needs the management
    /// key.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="algorithm">The key's algorithm.</param>
    /// <param name="firstTag">Tag of the first part; the others follow in order (01 p, 02 q, 03 dp, 04 dq, 05 qinv;
    /// 06 d; 07 seed).</param>
    /// <param name="parts">The numbers, each as long as the card wants it.</param>
    /// <param name="pinPolicy">When it wants the PIN.</param>
    /// <param name="touchPolicy">When it wants a touch.</param>
    public void Import(
        PivSlot slot, PivAlgorithm algorithm, int firstTag, ReadOnlySpan<byte[]> parts, PivPinPolicy pinPolicy,
        PivTouchPolicy touchPolicy)
    {
        int length = 6;
        foreach (byte[] part in parts)
        {
            length += TlvWriter.SizeOf(firstTag, part.Length);
        }

        byte[] request = GC.AllocateArray<byte>(length, pinned: true);
        try
        {
            TlvWriter writer = new(request);
            foreach (byte[] part in parts)
            {
                writer.Write(firstTag++, part);
            }

            WritePolicies(ref writer, pinPolicy, touchPolicy);
            StatusWord status = _transport.Send(
                PivInstruction.IMPORT_ASYMMETRIC_KEY, (byte)algorithm, slot.Id, writer.Written, expectsData: false);
            RequireSuccess(status, $"take the key into slot {slot}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(request);
        }
    }

    /// <summary>A certificate that says what the key in <paramref name="slot"/> is, signed by the card's attestation
    /// key; <see langword="null"/> if the card gives none.</summary>
    public byte[]? Attest(PivSlot slot) =>
        _transport.Send(PivInstruction.ATTEST, slot.Id, 0, []).IsSuccess ? _transport.Response.ToArray() : null;

    /// <summary>Deletes the key in <paramref name="slot"/> (firmware 5.7 and later). Needs the management
    /// key.</summary>
    public void Delete(PivSlot slot) =>
        RequireSuccess(
            _transport.Send(PivInstruction.MOVE_KEY, 0xFF, slot.Id, [], expectsData: false),
            $"delete the key in slot {slot}");

    /// <summary>Writes a data object; empty <paramref name="content"/> removes it. Needs the management key.</summary>
    public void WriteObject(int tag, ReadOnlySpan<byte> content)
    {
        byte[] request = GC.AllocateArray<byte>(5 + TlvWriter.SizeOf(0x53, content.Length), pinned: true);
        TlvWriter writer = new(request);
        WriteObjectName(ref writer, tag);
        writer.Write(0x53, content);
        StatusWord status = _transport.Send(PivInstruction.PUT_DATA, 0x3F, 0xFF, writer.Written, expectsData: false);
        CryptographicOperations.ZeroMemory(request);
        RequireSuccess(status, $"write the object {tag:X}");
    }

    private static void WritePolicies(ref TlvWriter writer, PivPinPolicy pinPolicy, PivTouchPolicy touchPolicy)
    {
        if (pinPolicy != PivPinPolicy.Default)
        {
            writer.Write(0xAA, (byte)pinPolicy);
        }

        if (touchPolicy != PivTouchPolicy.Default)
        {
            writer.Write(0xAB, (byte)touchPolicy);
        }
    }

    private ReadOnlySpan<byte> ReadAuthentication(int tag)
    {
        ReadOnlySpan<byte> content = new TlvReader(_transport.Response).Read(DynamicAuthentication);
        return TlvReader.TryFind(content, tag, out ReadOnlySpan<byte> value)
            ? value
            : throw new PivException("The card's answer to GENERAL AUTHENTICATE lacks its result.");
    }

    private static SymmetricAlgorithm Cipher(PivAlgorithm algorithm, ReadOnlySpan<byte> key)
    {
        if (key.Length != ManagementKeyBytes(algorithm))
        {
            throw new PivException(BackendFailure.PinRequired,
                $"The management key has {key.Length} bytes, and the card's has {ManagementKeyBytes(algorithm)}.",
                StatusWord.IncorrectData);
        }

#pragma warning disable CA5350, CA5351 // It is what the card has.
        SymmetricAlgorithm cipher;
        if (algorithm != PivAlgorithm.TDES)
        {
            cipher = Aes.Create();
        }
        else if (IsSameDesKey(key[..8], key[8..16]))
        {
            // Two of the three operations undo each other, and the platform refuses such keys: the default key is one.
            cipher = DES.Create();
            key = key[16..];
        }
        else if (IsSameDesKey(key[8..16], key[16..]))
        {
            cipher = DES.Create();
            key = key[..8];
        }
        else
        {
            cipher = TripleDES.Create();
        }
#pragma warning restore CA5350, CA5351

        try
        {
            cipher.SetKey(key);
            return cipher;
        }
        catch (CryptographicException exception)
        {
            cipher.Dispose();
            throw new PivException(
                "The platform does not compute with this management key: it is a weak one.", exception);
        }
    }

    // The lowest bit of each byte is parity and no key.
    private static bool IsSameDesKey(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        int difference = 0;
        for (int i = 0; i < one.Length; i++)
        {
            difference |= (one[i] ^ other[i]) & 0xFE;
        }

        return difference == 0;
    }

    /// <summary>Size of a management key.</summary>
    public static int ManagementKeyBytes(PivAlgorithm algorithm) => algorithm switch
    {
        PivAlgorithm.AES_128 => 16,
        PivAlgorithm.AES_256 => 32,
        PivAlgorithm.TDES or PivAlgorithm.AES_192 => 24,
        _ => throw new PivException(
            $"The card's management key is of a kind that is not known (0x{(int)algorithm:X2})."),
    };
}
