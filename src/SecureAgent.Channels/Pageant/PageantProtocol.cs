namespace SecureAgent.Channels.Pageant;

/// <summary>What a Pageant and its clients agree on: the client puts a frame into a file mapping, sends the mapping's
/// name to the window in a WM_COPYDATA, and finds the answer in the place of the request when the call returns
/// (PuTTY, windows/pageant.c and windows/agent-client.c).</summary>
internal static class PageantProtocol
{
    /// <summary>Class and title of the window.</summary>
    public const string WindowName = "Pageant";

    /// <summary>COPYDATASTRUCT.dwData of a request, AGENT_COPYDATA_ID.</summary>
    public const nuint CopyDataId = 0x804e50ba;

    /// <summary>The smallest mapping that can take an answer: a length and a type.</summary>
    public const int MinMappingSizeBytes = PrefixSizeBytes + 1;

    /// <summary>The mapping that PuTTY makes since 0.71, AGENT_MAX_MSGLEN. Older and other clients make 8192.</summary>
    public const int ClientMappingSizeBytes = 256 * 1024;

    /// <summary>The uint32 length before every message.</summary>
    public const int PrefixSizeBytes = sizeof(uint);

    /// <summary>MAX_PATH: far more than any client's name has.</summary>
    private const int MaxNameSizeBytes = 260;

    /// <summary>Whether a client sent the name of a mapping: in the system's code page, ending with a NUL. Which name
    /// is up to the client.</summary>
    public static bool IsMappingName(ReadOnlySpan<byte> data) =>
        data.Length is > 1 and <= MaxNameSizeBytes && data[^1] == 0 && data.IndexOf((byte)0) == data.Length - 1;

    /// <summary>Whether a mapping is this user's own. Clients older than PuTTY 0.61, and some of today's, do not say
    /// who shall own theirs: then the default owner of their process does, which is ours if they run as we
    /// do.</summary>
    /// <param name="ownerSid">Owner of the mapping. <see langword="null"/>, which is refused, is an owner that cannot
    /// be read; on Windows every mapping has one, under Wine one whose client named none has not.</param>
    /// <param name="userSid">SID of the user.</param>
    /// <param name="defaultOwnerSid">SID that owns what this process makes without naming an owner.</param>
    public static bool IsTrustedOwner(string? ownerSid, string userSid, string defaultOwnerSid) =>
        ownerSid is not null && (ownerSid == userSid || ownerSid == defaultOwnerSid);

    /// <summary>Whether a message that is said to have <paramref name="length"/> bytes can be in a mapping.</summary>
    public static bool CanHold(long mappingSizeBytes, uint length) =>
        length is > 0 and <= StreamConnection.MaxBodySizeBytes && length <= mappingSizeBytes - PrefixSizeBytes;
}
