using SecureAgent.Core;
using SecureAgent.Wire;

namespace SecureAgent.Backends.SecurityKey;

/// <summary>What ssh-sk-helper(8) answers: <c>byte version; uint32 SSH_SK_HELPER_SIGN; string signature blob</c>, or
/// <c>byte version; uint32 0; uint32 error</c>.</summary>
/// <param name="Signature">The signature, if one was made.</param>
/// <param name="Error">Else why not.</param>
internal sealed record SkHelperReply(SignatureBlob? Signature, SkHelperError Error)
{
    private const uint SSH_SK_HELPER_ERROR = 0;

    /// <summary>Decodes a reply, without its length.</summary>
    /// <exception cref="BackendException">It is none to a request for a signature.</exception>
    public static SkHelperReply Decode(ReadOnlyMemory<byte> reply)
    {
        try
        {
            WireReader reader = new(reply);
            byte version = reader.ReadByte("version");
            if (version != SkHelperRequest.Version)
            {
                throw new WireFormatException($"version: {version} instead of {SkHelperRequest.Version}");
            }

            uint type = reader.ReadUInt32("type");
            SkHelperReply decoded = type switch
            {
                SSH_SK_HELPER_ERROR => new SkHelperReply(null, (SkHelperError)reader.ReadUInt32("error")),
                SkHelperRequest.Sign =>
                    new SkHelperReply(SignatureBlob.Decode(reader.ReadStringMemory("signature")), default),
                _ => throw new WireFormatException($"type: {type} instead of {SkHelperRequest.Sign}"),
            };
            reader.RequireEnd("reply");
            return decoded;
        }
        catch (WireFormatException exception)
        {
            throw new BackendException($"ssh-sk-helper answered what no signature is: {exception.Message}.", exception);
        }
    }
}
