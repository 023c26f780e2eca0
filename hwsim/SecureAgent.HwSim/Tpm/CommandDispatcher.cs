using System.Security.Cryptography;

namespace SecureAgent.HwSim.Tpm;

/// <summary>Takes commands apart, authorizes and runs them, and builds the responses (Part 3, 5: command processing).</summary>
internal sealed class CommandDispatcher(TpmState tpm)
{
    private const int HeaderSize = 10;
    private const int MinimumAuthSize = 9;

    /// <summary>Runs one command.</summary>
    public byte[] Execute(byte[] command, byte locality)
    {
        byte[] response = Answer(command, locality);
        try
        {
            tpm.Persistent.Save();
            return response;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The change stays pending: the next command tries again to save it.
            return Failure(TPM_RC_NV_UNAVAILABLE);
        }
    }

    private byte[] Answer(byte[] command, byte locality)
    {
        try
        {
            return Run(command, locality);
        }
        catch (TpmError error)
        {
            return Failure(error.ResponseCode);
        }
        catch (CryptographicException)
        {
            // A key that parses but that the platform's cryptography refuses, such as one with an even exponent.
            return Failure(TPM_RC_FAILURE);
        }
    }

    private static byte[] Failure(TPM_RC code) =>
        new TpmWriter().Tag(TPM_ST.TPM_ST_NO_SESSIONS).UInt32(HeaderSize).UInt32((uint)code).ToArray();

    private byte[] Run(byte[] command, byte locality)
    {
        TpmReader reader = new(command);
        (bool hasSessions, CommandDefinition definition) = ReadHeader(reader, command.Length);
        if (!tpm.Powered || tpm.Started == (definition.Code == TPM_CC_Startup))
        {
            throw TPM_RC_INITIALIZE.Error();
        }

        (uint[] handles, LoadedEntity?[] entities) = new HandleArea(tpm).Read(definition, reader);
        CommandContext context = new(tpm, definition, locality, handles, entities);
        SessionArea? sessions = null;
        if (hasSessions)
        {
            uint size = ReadAuthorizationSize(reader);
            sessions = new SessionArea(tpm, context);
            sessions.Read(new TpmReader(reader.Bytes((int)size)));
            byte[] parameters = reader.Rest();
            sessions.Authorize(parameters);
            context.In = new TpmReader(sessions.Decrypt(parameters));
            context.Sessions = sessions.Sessions;
        }
        else
        {
            SessionArea.RequireNone(definition);
            context.In = new TpmReader(reader.Rest());
        }

        definition.Run(context);
        if (sessions is null && !definition.NoSessions)
        {
            // A command without sessions ends the exclusiveness of an audit session.
            tpm.Sessions.ExclusiveAudit = 0;
        }

        return Respond(context, sessions);
    }

    private static (bool HasSessions, CommandDefinition Definition) ReadHeader(TpmReader reader, int length)
    {
        if (length < 2)
        {
            throw TPM_RC_INSUFFICIENT.Error();
        }

        TPM_ST tag = (TPM_ST)reader.UInt16();
        if (tag is not (TPM_ST.TPM_ST_NO_SESSIONS or TPM_ST.TPM_ST_SESSIONS))
        {
            throw (Enum.IsDefined(tag) ? TPM_RC_BAD_TAG : TPM_RC_VALUE).Error();
        }

        if (reader.UInt32() != length)
        {
            throw TPM_RC_COMMAND_SIZE.Error();
        }

        TPM_CC code = (TPM_CC)reader.UInt32();
        CommandDefinition definition = CommandTable.Find(code) ?? throw TPM_RC_COMMAND_CODE.Error();
        return (tag == TPM_ST.TPM_ST_SESSIONS, definition);
    }

    private static uint ReadAuthorizationSize(TpmReader reader)
    {
        uint size = reader.UInt32();
        return size >= MinimumAuthSize && size <= reader.Remaining ? size : throw TPM_RC_SIZE.Error();
    }

    private static byte[] Respond(CommandContext context, SessionArea? sessions)
    {
        byte[] parameters = context.Out.ToArray();
        TpmWriter body = new();
        if (context.Command.ReturnsHandle)
        {
            body.UInt32(context.ResponseHandle);
        }

        if (sessions is null)
        {
            body.Bytes(parameters);
        }
        else
        {
            parameters = sessions.Encrypt(parameters);
            body.UInt32((uint)parameters.Length).Bytes(parameters);
            sessions.WriteResponse(body, parameters);
        }

        TPM_ST tag = sessions is null ? TPM_ST.TPM_ST_NO_SESSIONS : TPM_ST.TPM_ST_SESSIONS;
        return new TpmWriter().Tag(tag).UInt32((uint)(HeaderSize + body.Length)).UInt32((uint)TPM_RC_SUCCESS)
            .Bytes(body.ToArray()).ToArray();
    }
}
