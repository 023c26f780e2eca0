using System.Buffers.Binary;
using System.Security.Cryptography;
using SecureAgent.Core;

namespace SecureAgent.Backends.Tpm;

/// <summary>The TPM commands that this program sends, marshalled by hand in the order of TPM 2.0 Part 3. Each method is
/// one command: it builds it, has it authorised, checks the response's HMAC before it believes a word, and
/// unmarshals.</summary>
/// <remarks>Refusals come as <see cref="TpmException"/> with the TPM's code; the connection gives them their
/// meaning.</remarks>
internal sealed partial class TpmCommands
{
    private const uint PasswordSession = 0x4000_0009;

    private readonly TpmTransport _transport;
    private readonly byte[] _command = GC.AllocateArray<byte>(TpmTransport.BufferBytes, pinned: true);
    private readonly byte[] _parameters = GC.AllocateArray<byte>(TpmTransport.BufferBytes, pinned: true);

    /// <summary>Sends through <paramref name="transport"/>.</summary>
    public TpmCommands(TpmTransport transport) => _transport = transport;

    private TpmWriter Parameters() => new(_parameters);

    private ReadOnlySpan<byte> Execute(
        TPM_CC command, scoped ReadOnlySpan<TpmHandle> handles, scoped in TpmWriter parameters,
        scoped in TpmAuthorization authorization) =>
        Execute(command, handles, parameters, authorization, answersHandle: false, out _);

    // Part 1, 18: header, handles, authorisation area (if any), parameters; the response likewise.
    private Span<byte> Execute(
        TPM_CC command, scoped ReadOnlySpan<TpmHandle> handles, scoped in TpmWriter parameters,
        scoped in TpmAuthorization authorization, bool answersHandle, out uint handle)
    {
        Span<byte> content = parameters.Written;
        try
        {
            TpmWriter writer = new(_command);
            writer.WriteUInt16(authorization.IsPresent ? TpmTransport.Sessions : TpmTransport.NoSessions);
            Span<byte> size = writer.Take(4);
            writer.WriteUInt32((uint)command);
            foreach (TpmHandle item in handles)
            {
                writer.WriteUInt32(item.Value);
            }

            if (authorization.IsPresent)
            {
                WriteAuthorization(ref writer, command, handles, content, authorization);
            }

            writer.WriteBytes(content);
            BinaryPrimitives.WriteUInt32BigEndian(size, (uint)writer.Length);
            Span<byte> response = _transport.Transmit(writer.Written);
            return ParseResponse(command, response, authorization, answersHandle, out handle);
        }
        finally
        {
            // Parameters may have held a PIN or a seed before the session encrypted them.
            CryptographicOperations.ZeroMemory(content);
        }
    }

    // UINT32 authorizationSize, then TPMS_AUTH_COMMAND: handle, TPM2B nonce, attributes, TPM2B hmac.
    private static void WriteAuthorization(
        ref TpmWriter writer, TPM_CC command, scoped ReadOnlySpan<TpmHandle> handles, scoped Span<byte> parameters,
        scoped in TpmAuthorization authorization)
    {
        TpmSession? session = authorization.Session;
        if (session is null)
        {
            writer.WriteUInt32(9);
            writer.WriteUInt32(PasswordSession);
            writer.WriteUInt16(0);
            writer.WriteUInt8((byte)TPMA_SESSION.continueSession);
            writer.WriteUInt16(0);
            return;
        }

        session.RollNonceCaller();
        if (authorization.Attributes.HasFlag(TPMA_SESSION.decrypt))
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(parameters);
            session.EncryptParameter(parameters.Slice(2, length), authorization.AuthValue);
        }

        Span<byte> cpHash = stackalloc byte[TpmSession.DigestBytes];
        CpHash(command, handles, parameters, cpHash);
        writer.WriteUInt32(9 + (2 * TpmSession.DigestBytes));
        writer.WriteUInt32(session.Handle);
        writer.WriteTpm2B(session.NonceCaller);
        writer.WriteUInt8((byte)authorization.Attributes);
        writer.WriteUInt16(TpmSession.DigestBytes);
        session.CommandHmac(
            cpHash, authorization.Attributes, authorization.AuthValue, writer.Take(TpmSession.DigestBytes));
    }

    private static Span<byte> ParseResponse(
        TPM_CC command, Span<byte> response, scoped in TpmAuthorization authorization, bool answersHandle,
        out uint handle)
    {
        TpmReader reader = new(response);
        ushort tag = reader.ReadUInt16();
        reader.ReadUInt32();
        TpmResponseCode code = new(reader.ReadUInt32());
        handle = 0;
        if (!code.Is(TPM_RC.SUCCESS))
        {
            throw new TpmException(
                BackendFailure.Refused, $"The TPM refused TPM2_{command} with {code}: {code.Meaning}.", code);
        }

        if (tag != (authorization.IsPresent ? TpmTransport.Sessions : TpmTransport.NoSessions))
        {
            throw new TpmException($"The TPM's answer to TPM2_{command} has the wrong tag 0x{tag:X4}.");
        }

        if (answersHandle)
        {
            handle = reader.ReadUInt32();
        }

        if (!authorization.IsPresent)
        {
            return response[^reader.Rest.Length..];
        }

        uint parameterSize = reader.ReadUInt32();
        int start = response.Length - reader.Rest.Length;
        reader.ReadBytes(parameterSize <= (uint)reader.Rest.Length ? (int)parameterSize : -1);
        Span<byte> parameters = response.Slice(start, (int)parameterSize);
        CheckAuthorization(ref reader, command, code, parameters, authorization);
        return parameters;
    }

    // TPMS_AUTH_RESPONSE: TPM2B nonce, attributes, TPM2B hmac; one per session of the command, and nothing after it.
    private static void CheckAuthorization(
        ref TpmReader reader, TPM_CC command, TpmResponseCode code, Span<byte> parameters,
        in TpmAuthorization authorization)
    {
        ReadOnlySpan<byte> nonce = reader.ReadTpm2B();
        TPMA_SESSION attributes = (TPMA_SESSION)reader.ReadUInt8();
        ReadOnlySpan<byte> hmac = reader.ReadTpm2B();
        reader.End();
        if (authorization.Session is not { } session)
        {
            return;
        }

        session.SetNonceTpm(nonce);
        Span<byte> rpHash = stackalloc byte[TpmSession.DigestBytes];
        RpHash(command, code, parameters, rpHash);
        Span<byte> expected = stackalloc byte[TpmSession.DigestBytes];
        session.ResponseHmac(rpHash, attributes, authorization.AuthValue, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, hmac)
            || (attributes & TPMA_SESSION.continueSession) != (authorization.Attributes & TPMA_SESSION.continueSession))
        {
            throw new TpmException(
                $"The TPM's answer to TPM2_{command} was changed on its way and thrown away. Something between this "
                + "computer and its TPM interferes, or the TPM is faulty.");
        }

        if (authorization.Attributes.HasFlag(TPMA_SESSION.encrypt) && parameters.Length >= 2)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(parameters);
            session.DecryptParameter(
                parameters.Slice(2, Math.Min(length, parameters.Length - 2)), authorization.AuthValue);
        }
    }

    // Part 1, 16: cpHash = H(commandCode ‖ Name1 ‖ Name2 ‖ … ‖ parameters).
    private static void CpHash(
        TPM_CC command, ReadOnlySpan<TpmHandle> handles, ReadOnlySpan<byte> parameters, Span<byte> cpHash)
    {
        Span<byte> start = stackalloc byte[4 + (handles.Length * 66)];
        TpmWriter writer = new(start);
        writer.WriteUInt32((uint)command);
        foreach (TpmHandle handle in handles)
        {
            writer.WriteBytes(handle.Name);
        }

        Digest(writer.Written, parameters, cpHash);
    }

    // Part 1, 16: rpHash = H(responseCode ‖ commandCode ‖ parameters).
    private static void RpHash(TPM_CC command, TpmResponseCode code, ReadOnlySpan<byte> parameters, Span<byte> rpHash)
    {
        Span<byte> start = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(start, code.Value);
        BinaryPrimitives.WriteUInt32BigEndian(start[4..], (uint)command);
        Digest(start, parameters, rpHash);
    }

    private static void Digest(ReadOnlySpan<byte> start, ReadOnlySpan<byte> rest, Span<byte> digest)
    {
        byte[] joined = System.Buffers.ArrayPool<byte>.Shared.Rent(start.Length + rest.Length);
        start.CopyTo(joined);
        rest.CopyTo(joined.AsSpan(start.Length));
        SHA256.HashData(joined.AsSpan(0, start.Length + rest.Length), digest);
        System.Buffers.ArrayPool<byte>.Shared.Return(joined);
    }
}
