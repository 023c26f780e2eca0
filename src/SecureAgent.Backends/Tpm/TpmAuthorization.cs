namespace SecureAgent.Backends.Tpm;

/// <summary>How one command is authorised.</summary>
internal readonly ref struct TpmAuthorization
{
    private TpmAuthorization(bool present, TpmSession? session, ReadOnlySpan<byte> authValue, TPMA_SESSION attributes)
    {
        IsPresent = present;
        Session = session;
        AuthValue = authValue;
        Attributes = attributes;
    }

    /// <summary>No authorisation area at all.</summary>
    public static TpmAuthorization None => default;

    /// <summary>TPM_RS_PW with an empty password: the only password ever sent, because it says nothing.</summary>
    public static TpmAuthorization EmptyPassword => new(true, null, [], TPMA_SESSION.None);

    /// <summary>Whether the command carries an authorisation area.</summary>
    public bool IsPresent { get; }

    /// <summary>The session, or <see langword="null"/> for the empty password.</summary>
    public TpmSession? Session { get; }

    /// <summary>The authValue of the first handle's entity; proved, never sent.</summary>
    public ReadOnlySpan<byte> AuthValue { get; }

    /// <summary>What the session does in this command.</summary>
    public TPMA_SESSION Attributes { get; }

    /// <summary>Authorises with <paramref name="session"/>, which goes on after the command.</summary>
    /// <param name="session">An HMAC or policy session.</param>
    /// <param name="authValue">The authValue of the first handle's entity.</param>
    /// <param name="attributes"><see cref="TPMA_SESSION.decrypt"/> encrypts the command's first parameter,
    /// <see cref="TPMA_SESSION.encrypt"/> the response's.</param>
    public static TpmAuthorization With(
        TpmSession session, ReadOnlySpan<byte> authValue, TPMA_SESSION attributes = TPMA_SESSION.None) =>
        new(true, session, authValue, attributes | TPMA_SESSION.continueSession);

    /// <summary>As <see cref="With"/>, but the TPM ends the session after the command.</summary>
    public static TpmAuthorization Last(
        TpmSession session, ReadOnlySpan<byte> authValue, TPMA_SESSION attributes = TPMA_SESSION.None) =>
        new(true, session, authValue, attributes);
}
