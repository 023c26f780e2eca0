namespace SecureAgent.Backends.Tpm;

/// <summary>A policy session for one use of a key. The TPM ends it with that use; if the use fails, disposing
/// does.</summary>
internal sealed class TpmPolicySession : IDisposable
{
    private readonly Action<TpmSession> _flush;
    private bool _ended;

    /// <summary>Takes over a session.</summary>
    public TpmPolicySession(TpmSession session, Action<TpmSession> flush) => (Session, _flush) = (session, flush);

    /// <summary>The session.</summary>
    public TpmSession Session { get; }

    /// <summary>Says that the TPM has ended it.</summary>
    public void Ended() => _ended = true;

    /// <summary>Ends the session if the TPM has not.</summary>
    public void Dispose()
    {
        if (!_ended)
        {
            _ended = true;
            _flush(Session);
        }

        Session.Dispose();
    }
}
